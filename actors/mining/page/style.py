"""The report's style sheet: one scale of type and space, light and dark, screen and paper."""

from actors.mining.process_map import DARK, LEVELS, LIGHT, MAP_STYLE

_CHIPS = (
    ("#e3edfb", "#1d3f73", "#1d2f4a", "#b9d3ff"),
    ("#e2f3ea", "#14532f", "#173526", "#a9e5c3"),
    ("#fbeedb", "#6b4103", "#3d2c12", "#f5cf97"),
    ("#f0e6fa", "#4c2a78", "#33234a", "#d8bdf8"),
    ("#fbe4e6", "#7a1f2b", "#451f27", "#f7b7bf"),
    ("#dff2f5", "#0f4a55", "#133842", "#a3e1ec"),
    ("#eef1d6", "#474d0b", "#32361a", "#dbe297"),
    ("#eceef2", "#3a4454", "#2a313d", "#ccd4e0"),
)
_LIGHT = LIGHT + ";--page:#f4f6f9;--line:#dde3ec;--bar:#cfe0f6;--slow:#b45309;--slower:#b3261e"
_DARK = DARK + ";--page:#0b0e13;--line:#2a323f;--bar:#24446f;--slow:#f0a04b;--slower:#ff8a80"
_LIGHT_CHIPS = "".join(f";--c{i}:{c[0]};--d{i}:{c[1]}" for i, c in enumerate(_CHIPS))
_DARK_CHIPS = "".join(f";--c{i}:{c[2]};--d{i}:{c[3]}" for i, c in enumerate(_CHIPS))

_PAGE = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
@media(prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--page);color:var(--ink);line-height:1.55;
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
overflow-wrap:break-word}
a{color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:4px}
.skip{position:absolute;left:-999px}.skip:focus{left:12px;top:12px;background:var(--paper);
padding:8px}
header,main,footer{max-width:1120px;margin:0 auto;padding:0 24px}
header{padding-top:44px}
.kind{margin:0;color:var(--ink-2);font-size:14px;letter-spacing:.02em}
h1{margin:2px 0 6px;font-size:34px;line-height:1.2;font-weight:680;letter-spacing:-.015em}
.about{margin:0;color:var(--ink-2)}
nav ul{display:flex;flex-wrap:wrap;gap:4px 20px;list-style:none;margin:22px 0 0;padding:12px 0;
border-top:1px solid var(--line);border-bottom:1px solid var(--line);font-size:14.5px}
nav a{text-decoration:none}nav a:hover{text-decoration:underline}
section{background:var(--paper);border:1px solid var(--line);border-radius:14px;
padding:26px 30px 28px;margin:22px 0}
h2{margin:0 0 4px;font-size:22px;line-height:1.3;font-weight:650;letter-spacing:-.01em}
h3{margin:28px 0 6px;font-size:16px;font-weight:650}
.lead{margin:0 0 16px;color:var(--ink-2);max-width:74ch}
.note{margin:10px 0 0;color:var(--ink-2);font-size:14px;max-width:80ch}
.tiles{display:flex;flex-wrap:wrap;gap:1px;margin:18px 0 6px;
background:var(--line);border:1px solid var(--line);border-radius:10px;overflow:hidden}
.tiles div{flex:1 1 136px;background:var(--paper);padding:13px 14px 14px}
.tiles dt{color:var(--ink-2);font-size:13px;white-space:nowrap}
.tiles dd{margin:0;white-space:nowrap;font-size:24px;font-weight:640;letter-spacing:-.015em;
font-variant-numeric:tabular-nums}
.insights{list-style:none;margin:22px 0 0;padding:0;display:grid;gap:16px}
.insights li{border-left:3px solid var(--accent);padding-left:16px;max-width:86ch}
.insights strong{display:block;font-weight:640}
.insights a{white-space:nowrap;font-size:14px}
.scroll{overflow-x:auto;max-width:100%;margin:12px 0 0}
table{border-collapse:collapse;width:100%;font-size:14.5px}
caption{text-align:left;color:var(--ink-2);font-size:13.5px;padding:0 0 6px}
th{font-weight:600;text-align:left;color:var(--ink-2);font-size:13px;vertical-align:bottom}
th,td{padding:7px 14px 7px 0;border-bottom:1px solid var(--line)}
th:last-child,td:last-child{padding-right:4px}
td{vertical-align:top}
.num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.bar{position:relative;display:inline-block;min-width:118px;text-align:right;padding:0 6px}
.bar i{position:absolute;left:0;top:1px;bottom:1px;background:var(--bar);border-radius:3px}
.bar b{position:relative;font-weight:400}
details{margin:14px 0 0}
summary{cursor:pointer;color:var(--accent);font-size:14.5px;width:fit-content}
.chart{display:block;width:100%;min-width:620px;height:auto;font-size:12.5px}
.chart text{fill:var(--ink-2);text-anchor:middle;font-variant-numeric:tabular-nums}
.chart .y{text-anchor:end}.chart .v{fill:var(--ink)}
.chart .g{stroke:var(--line);stroke-width:1}.chart .b{fill:var(--accent);opacity:.85}
.chart .l{fill:none;stroke:var(--accent);stroke-width:2.2;stroke-linejoin:round}
.chart .l1{stroke:var(--slow);stroke-dasharray:6 4}
.key{display:flex;flex-wrap:wrap;gap:4px 22px;list-style:none;padding:0;margin:8px 0 0;
font-size:14px;
color:var(--ink-2)}
.key svg{width:34px;height:10px;margin-right:7px;vertical-align:middle}
.switch{display:flex;flex-wrap:wrap;gap:6px 8px;align-items:center;margin:0 0 10px;font-size:14.5px}
.switch>span{color:var(--ink-2);min-width:106px}
.map-box>input{position:absolute;opacity:0;width:1px;height:1px}
.switch label{border:1px solid var(--box-line);border-radius:999px;padding:3px 14px;cursor:pointer}
.maps{border:1px solid var(--line);border-radius:10px;max-height:860px;overflow:auto;
margin-top:14px}
.maps figure{display:none;position:relative;margin:0;padding:10px;width:fit-content;min-width:100%}
.maps .map{display:block;margin:0 auto}
.start-here{position:absolute;top:0;width:290px;height:1px;margin-left:-145px;
scroll-initial-target:nearest}
#z-fit:checked~.maps .start-here{display:none}
.maps .t{display:none}
#m-time:checked~.maps .q{display:none}#m-time:checked~.maps .t{display:inline}
#m-time:checked~.maps .p2 path{stroke:var(--slow)}
#m-time:checked~.maps .p2 polygon{fill:var(--slow)}
#m-time:checked~.maps .p3 path{stroke:var(--slower)}
#m-time:checked~.maps .p3 polygon{fill:var(--slower)}
#m-time:checked~.maps .p3 .t{font-weight:700;fill:var(--slower)}
#m-time:checked~.maps .p2 .t{font-weight:600;fill:var(--slow)}
#z-fit:checked~.maps .map{max-width:100%;height:auto}
#z-fit:checked~.maps figure{width:auto}
.chips{list-style:none;display:flex;flex-wrap:wrap;align-content:start;gap:6px 4px;margin:0;
padding:0;font-size:13.5px}
.chips li{display:flex;align-items:center;gap:4px}
.chips li+li::before{content:"→";color:var(--ink-2);font-size:12px}
.chips span{border-radius:6px;padding:2px 9px}
.chips small{color:var(--ink-2);font-size:12.5px;white-space:nowrap}
.variants{list-style:none;margin:0;padding:0}
.variants>li{display:grid;grid-template-columns:232px 1fr;gap:6px 22px;padding:13px 0;
border-top:1px solid var(--line)}
.variants dl{display:grid;grid-template-columns:auto 1fr;gap:0 10px;margin:0;font-size:13.5px;
font-variant-numeric:tabular-nums}
.variants dt{color:var(--ink-2)}.variants dd{margin:0;text-align:right}
.variants h4{margin:0 0 2px;font-size:15px;font-weight:640;display:flex;
justify-content:space-between}
.meter{height:6px;border-radius:3px;background:var(--line);margin:4px 0 6px;overflow:hidden}
.meter i{display:block;height:100%;background:var(--accent)}
.defs{display:grid;grid-template-columns:minmax(150px,220px) 1fr;gap:8px 22px;
margin:12px 0 0;font-size:14.5px}
.defs dt{color:var(--ink-2)}.defs dd{margin:0;min-width:0}
code{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
footer{color:var(--ink-2);font-size:14px;padding-bottom:48px}
@media(max-width:640px){
.switch>span{flex-basis:100%}.chart{min-width:780px}
header,main,footer{padding-left:14px;padding-right:14px}header{padding-top:26px}
h1{font-size:26px}section{padding:20px 16px;border-radius:10px;margin:14px 0}
.tiles dd{font-size:21px}
.variants>li{grid-template-columns:1fr}.defs{grid-template-columns:1fr;gap:0}
.defs dd{margin-bottom:10px}
nav ul{gap:4px 16px}.maps{max-height:70vh}}
@media print{
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}header{padding-bottom:14pt}
body{background:#fff;font-size:11pt}section{border:0;padding:0;margin:0 0 18pt;break-inside:auto}
h2,h3{break-after:avoid}tr,.variants>li,.insights li{break-inside:avoid}
nav,.switch,.skip,.start-here,.insights a{display:none}
.scroll,.maps{overflow:visible;max-height:none;border:0}
.maps .map{max-width:100%;max-height:235mm;height:auto}.maps figure{width:auto}
details>*{display:block!important}details>summary{display:none!important}
details::details-content{content-visibility:visible;
block-size:auto}
table{font-size:9pt}}
"""


def style_sheet() -> str:
    """Write the whole style sheet."""
    chips = "".join(f".chips .k{i}{{background:var(--c{i});color:var(--d{i})}}" for i in range(8))
    sheet = (
        f":root{{color-scheme:light dark;{_LIGHT}{_LIGHT_CHIPS}}}"
        f"@media(prefers-color-scheme:dark){{:root{{{_DARK}{_DARK_CHIPS}}}}}"
        f"@media print{{:root{{{_LIGHT}{_LIGHT_CHIPS}}}}}"
        f"{_PAGE}{MAP_STYLE}{chips}{_switches()}"
    )
    return sheet.replace("\n", "")


def _switches() -> str:
    names = [f"l-{level}" for level in LEVELS]
    shown = "".join(f"#l-{n}:checked~.maps .m-{n}{{display:block}}" for n in LEVELS)
    names += ["m-count", "m-time", "z-fit", "z-full"]
    marked = ",".join(f'#{n}:checked~.switch label[for="{n}"]' for n in names)
    focus = ",".join(f'#{n}:focus-visible~.switch label[for="{n}"]' for n in names)
    return (
        f"{shown}{marked}{{background:var(--accent);border-color:var(--accent);"
        f"color:var(--paper);font-weight:600}}{focus}{{outline:3px solid var(--accent);"
        "outline-offset:2px}"
    )

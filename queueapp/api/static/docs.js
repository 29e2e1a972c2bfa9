// Narrows the page to what is searched for; without it everything is simply shown.
const box = document.getElementById("find");
const nothing = document.getElementById("nothing");
const entries = [...document.querySelectorAll("[data-find]")];
const listed = [...document.querySelectorAll("nav li")];
const groups = [...document.querySelectorAll("[data-group]")];

function narrow() {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const entry of entries) {
    const text = entry.dataset.find.toLowerCase();
    entry.hidden = !words.every((word) => text.includes(word));
  }
  for (const item of listed) {
    item.hidden = document.getElementById(item.firstChild.hash.slice(1)).hidden;
  }
  for (const group of groups) {
    group.hidden = ![...group.querySelectorAll("[data-find], li")].some((entry) => !entry.hidden);
  }
  nothing.hidden = entries.some((entry) => !entry.hidden);
}

box.parentElement.hidden = false;
box.addEventListener("input", narrow);
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== box) {
    event.preventDefault();
    box.focus();
  } else if (event.key === "Escape" && document.activeElement === box) {
    box.value = "";
    narrow();
    box.blur();
  }
});

const contents = document.querySelector("nav details");
if (window.matchMedia("(max-width: 60rem)").matches) contents.open = false;

"""One order-to-cash analysis, from its submission to its results and its retry."""

from typing import Any

JOB_ID = "cc0e8400-e29b-41d4-a716-446655440000"
NEW_ID = "ee0e8400-e29b-41d4-a716-446655440000"

SUBMISSION: dict[str, Any] = {
    "jobName": "Orders of January",
    "jobType": "ProcessMining",
    "priority": "Normal",
    "resource": {"resourceType": "Dataset", "resourceId": "orders"},
    "parameters": {
        "timeWindow": {"startDate": "2026-01-01", "endDate": "2026-01-31"},
        "includeProcessVariants": True,
        "qualityChecks": {"validateTimestamps": True, "checkDuplicates": True},
    },
    "scheduling": {"executeImmediately": True, "timeoutMinutes": 30},
}
_ESTIMATE: dict[str, Any] = {
    "estimatedDuration": "12-15 minutes",
    "estimateBasis": {"scope": "type", "samples": 31},
}
SUBMITTED: dict[str, Any] = {
    "jobId": JOB_ID,
    "status": "Queued",
    "queuePosition": 3,
    "estimatedStartTime": "2026-02-01T10:45:00Z",
    **_ESTIMATE,
    "jobName": "Orders of January",
    "jobType": "ProcessMining",
    "priority": "Normal",
    "dateSubmitted": "2026-02-01T10:30:00Z",
    "submittedBy": "ada",
}
JOB: dict[str, Any] = {
    "jobId": JOB_ID,
    "projectId": "sales",
    "jobType": "ProcessMining",
    "jobName": "Orders of January",
    "jobDescription": None,
    "status": "Running",
    "priority": "Normal",
    "progress": {
        "percentage": 65,
        "currentStage": "Finding variants",
        "estimatedCompletion": "2026-02-01T10:58:08Z",
        "elapsedTime": "8 minutes 32 seconds",
        "elapsedSeconds": 512.4,
    },
    "resource": {"resourceType": "Dataset", "resourceId": "orders", "resourceName": "Orders"},
    "execution": {
        "startTime": "2026-02-01T10:45:00Z",
        "endTime": None,
        "submittedBy": "ada",
        "executionNode": "node-02",
        "memoryUsage": "2.1 GB",
        "cpuUsage": "45%",
        "diskUsage": "890 MB",
        "memoryBytes": 2254857830,
        "cpuPercent": 45.2,
        "diskBytes": 933232640,
    },
    "metrics": {
        "recordsProcessed": 125430,
        "totalRecords": 192850,
        "errorCount": 3,
        "warningCount": 12,
        "averageProcessingRate": "245 records/second",
        "recordsPerSecond": 244.8,
    },
    "dateCreated": "2026-02-01T10:30:00Z",
    "lastUpdated": "2026-02-01T10:53:32Z",
    "queuePosition": None,
    "waitReason": None,
    "estimatedStartTime": None,
    **_ESTIMATE,
    "cancellationRequested": False,
    "cancellation": None,
    "parameters": {"includeProcessVariants": True},
    "scheduling": {"scheduledTime": None, "timeoutMinutes": 30},
    "notifications": {"onCompletion": False, "onFailure": False, "emailRecipients": []},
    "host": None,
    "dependencies": [],
    "onDependencyFailure": "cancel",
    "resourceRequirements": {"cpuUnits": 1, "memoryGB": 2.0},
    "retries": {"maxAttempts": 1, "delaySeconds": 30.0, "maxDelaySeconds": 3600.0},
    "attempts": [],
    "originalJobId": None,
    "retriedAs": None,
    "workflowId": None,
    "workflowStep": None,
    "scheduleId": None,
    "scheduledFor": None,
}
JOB_LIST: dict[str, Any] = {
    "jobs": [
        {
            "jobId": JOB_ID,
            "jobType": "ProcessMining",
            "jobName": "Orders of January",
            "status": "Running",
            "priority": "Normal",
            "progress": 65,
            "submittedBy": "ada",
            "dateCreated": "2026-02-01T10:30:00Z",
            "startTime": "2026-02-01T10:45:00Z",
            "estimatedCompletion": "2026-02-01T10:58:08Z",
            "resourceName": "Orders",
        },
        {
            "jobId": "dd0e8400-e29b-41d4-a716-446655440000",
            "jobType": "ProcessMining",
            "jobName": "Orders of December",
            "status": "Completed",
            "priority": "Normal",
            "progress": 100,
            "submittedBy": "ada",
            "dateCreated": "2026-02-01T09:00:00Z",
            "startTime": "2026-02-01T09:00:00Z",
            "resourceName": "Orders",
            "endTime": "2026-02-01T09:23:00Z",
            "duration": "23 minutes",
            "durationSeconds": 1380.0,
        },
    ],
    "summary": {
        "totalJobs": 156,
        "runningJobs": 3,
        "queuedJobs": 7,
        "completedJobs": 139,
        "failedJobs": 4,
        "cancelledJobs": 3,
    },
    "summaryApproximate": False,
    "page": 1,
    "pageSize": 20,
    "hasNextPage": True,
    "totalCount": 156,
}
CANCEL: dict[str, Any] = {"reason": "Wrong month", "preservePartialResults": False}
CANCELLED: dict[str, Any] = {
    "jobId": JOB_ID,
    "previousStatus": "Queued",
    "status": "Cancelled",
    "cancellationRequested": True,
    "cancelledAt": "2026-02-01T10:31:00Z",
    "cancelledBy": "ada",
    "reason": "Wrong month",
    "partialResultsPreserved": False,
}
CANCELLING: dict[str, Any] = {
    **CANCELLED,
    "previousStatus": "Running",
    "status": "Running",
    "cancelledAt": None,
}
RESULTS: dict[str, Any] = {
    "jobId": JOB_ID,
    "status": "Completed",
    "completionTime": "2026-02-01T11:12:00Z",
    "totalDuration": "27 minutes",
    "durationSeconds": 1620.0,
    "success": True,
    "summary": {
        "recordsProcessed": 192850,
        "outputsGenerated": 2,
        "dataQualityScore": 94.2,
        "processingEfficiency": 87.5,
        "cases": 21400,
        "variants": 312,
    },
    "results": {
        "primaryOutput": {
            "artifactId": "9f2c",
            "type": "ProcessMiningReport",
            "title": "Orders of January",
            "name": "report.html",
            "format": "html",
            "size": "2.3 MB",
            "bytes": 2411724,
            "sha256": "0" * 64,
            "downloadUrl": "https://queue.example.com/api/acme/sales/artifacts/9f2c?token=…",
        },
        "additionalOutputs": [
            {
                "artifactId": "9f2d",
                "type": "EnrichedDataset",
                "title": "Orders with case figures",
                "name": "enriched.csv",
                "format": "csv",
                "size": "45.7 MB",
                "bytes": 47919923,
                "sha256": "1" * 64,
                "downloadUrl": "https://queue.example.com/api/acme/sales/artifacts/9f2d?token=…",
                "recordCount": 192850,
            }
        ],
    },
}
RETRY: dict[str, Any] = {
    "retryReason": "The source system is back",
    "modifyParameters": True,
    "updatedParameters": {"timeoutMinutes": 180, "increaseMemoryLimit": True},
    "priority": "High",
}
RETRIED: dict[str, Any] = {
    **SUBMITTED,
    "jobId": NEW_ID,
    "priority": "High",
    "originalJobId": JOB_ID,
    "attempt": 2,
    "retryReason": "The source system is back",
}

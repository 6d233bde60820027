"""Pages about deployments that the walk in the browser opens, below /admin/p/<project>/<environment>/. They need the
service `web` with a target."""

PAGES = [
    "deployments/",
    "deployments/?state=rolled-back",
    "deployments/?q=nothing",
    "deployments/new/?service=web",
    "deployments/new/?service=web&hotfix=1",
    "deployments/calendar/",
    "deployments/freezes/new/",
    "deployments/messages/",
    "deployments/messages/rolled_back/",
    "services/",
    "new-service/",
    "services/web/",
    "services/web/edit/",
    "services/web/checklist/",
    "services/web/target/",
]

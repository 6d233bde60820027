"""Pages about deployments that the walk in the browser opens, below /admin/p/<project>/<environment>/."""

PAGES = [
    "deployments/",
    "deployments/?state=rolled-back",
    "deployments/?q=nothing",
    "deployments/new/?service=web",
    "deployments/new/?service=web&hotfix=1",
]

"""The customer's checklists, all 33 items in the customer's words and order. What stands in two lists is two items,
as it is asked twice; one fact or one tick of each answers them. Required is what the portal itself can see today."""

from .checklists import Item, Phase, Source

BEFORE_FIRST_DEPLOYMENT = (
    Item(
        "traffic_driver",
        "Configure Vercel project and get tokens",
        Phase.FIRST,
        Source.TRAFFIC_DRIVER_READY,
        required=True,
    ),
    Item("sentry", "Set up Sentry project and get DSN", Phase.FIRST, Source.SENTRY_CONNECTED),
    Item("posthog", "Set up PostHog project and get API key", Phase.FIRST, Source.POSTHOG_CONNECTED),
    Item("alert_channels", "Configure Slack webhook for alerts", Phase.FIRST, Source.CHANNELS_CONFIGURED),
    Item("backup_storage", "Set up AWS S3 bucket for backups", Phase.FIRST, Source.BACKUP_STORAGE_READY),
    Item("backup_automation", "Configure database backup automation", Phase.FIRST, Source.BACKUPS_SCHEDULED),
    Item("staging_thorough", "Test staging environment thoroughly", Phase.FIRST),
    Item("variables_reviewed", "Review all environment variables", Phase.FIRST),
    Item("rollback_tested", "Test rollback procedures", Phase.FIRST, Source.ROLLBACK_TRIED),
    Item("team_trained", "Train team on deployment process", Phase.FIRST),
)
BEFORE_EACH_DEPLOYMENT = (
    Item("tests_passing", "All tests passing (unit, integration, e2e)", Phase.BEFORE, Source.CI_TESTS),
    Item("review_approved", "Code review approved", Phase.BEFORE, Source.APPROVED, required=True),
    Item("staging_tested", "Staging environment tested", Phase.BEFORE, Source.SAME_COMMIT_ON_STAGING, required=True),
    Item("migrations_tested", "Database migrations tested", Phase.BEFORE, Source.SAME_COMMIT_ON_STAGING, required=True),
    Item("backup_created", "Backup created", Phase.BEFORE, Source.BACKUP_VERIFIED),
    Item("flags_configured", "Feature flags configured", Phase.BEFORE, Source.FLAGS_LINKED_AND_LIVE, required=True),
    Item("alerts_configured", "Monitoring alerts configured", Phase.BEFORE, Source.ALERT_RULES_ENABLED, required=True),
    Item("rollback_reviewed", "Rollback procedure reviewed", Phase.BEFORE),
    Item("team_notified", "Team notified", Phase.BEFORE, Source.NOTIFIED),
    Item("status_page_ready", "Status page ready", Phase.BEFORE, Source.STATUS_PAGE_READY),
)
BEFORE_EACH_BY_THE_GUIDE = (
    Item("quality_gates", "Code quality gates", Phase.BEFORE, Source.CI_QUALITY),
    Item(
        "guide_migrations_tested",
        "Database migrations tested",
        Phase.BEFORE,
        Source.SAME_COMMIT_ON_STAGING,
        required=True,
    ),
    Item("variables_configured", "Environment variables configured", Phase.BEFORE),
    Item("monitoring_enabled", "Monitoring enabled", Phase.BEFORE, Source.MONITORING_ENABLED),
    Item("guide_documentation_updated", "Documentation updated", Phase.BEFORE),
)
AFTER_DEPLOYMENT = (
    Item("health_passing", "Health checks passing", Phase.AFTER, Source.HEALTH_CHECKS_PASSING, required=True),
    Item("smoke_successful", "Smoke tests successful", Phase.AFTER, Source.SMOKE_TESTS, required=True),
    Item("error_rates_normal", "Error rates normal", Phase.AFTER, Source.ERROR_RATES_NORMAL, required=True),
    Item("performance_good", "Performance metrics good", Phase.AFTER, Source.PERFORMANCE_GOOD, required=True),
    Item("feedback_positive", "User feedback positive", Phase.AFTER),
    Item("dashboards_updated", "Monitoring dashboards updated", Phase.AFTER),
    Item("documentation_updated", "Documentation updated", Phase.AFTER),
    Item("completion_notified", "Team notified of completion", Phase.AFTER, Source.COMPLETION_NOTIFIED),
)
STANDARD_ITEMS = (
    *BEFORE_FIRST_DEPLOYMENT,
    *BEFORE_EACH_DEPLOYMENT,
    *BEFORE_EACH_BY_THE_GUIDE,
    *AFTER_DEPLOYMENT,
)

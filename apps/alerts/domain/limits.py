"""How large a rule, a route or a silence may be. Problems and parsing enforce it."""

HOUR, DAY = 3_600, 86_400

MAX_KEY_LENGTH = 100  # characters in the key of a rule, a pair, a guard or a route
MAX_NAME_LENGTH = 200  # characters in a rule's name, and in the name of a metric or a label
MAX_TEXT_LENGTH = 2_000  # characters in a description
MAX_MATCHERS = 20  # in one query, route or silence
MAX_MATCHED_LENGTH = 500  # characters in the value or pattern of a matcher
MAX_ACROSS = 10  # labels that series are put together by
MAX_SERIES = 10_000  # that one rule may watch at once
MIN_WINDOW_SECONDS, MAX_WINDOW_SECONDS = 10, 7 * DAY
MAX_HOLD_SECONDS = 7 * DAY  # for `for_seconds` and `keep_firing_for_seconds`
MIN_FORGET_SECONDS, MAX_FORGET_SECONDS = 600, 30 * DAY
MAX_GROUP_BY = 20  # labels of a route's grouping
MAX_SILENCE_SECONDS = 90 * DAY

"""How large a definition or a context may be. Parsing, validation and context enforce it."""

WEIGHT_TOTAL = 100_000  # all weights of a split together; one unit is 0.001 %

MAX_KEY_LENGTH = 100  # characters in any key, and in one step of an attribute path
MAX_VARIANTS = 50  # per flag
MAX_RULES = 100  # per flag
MAX_DEPTH = 8  # nested conditions, the outermost counted
MAX_ITEMS = 50  # conditions in one all, any or none; segments in one condition
MAX_PATH = 8  # steps in an attribute path
MAX_VALUES = 5_000  # values in one list; longer lists belong in a segment
MAX_TRIED = 500  # values of an operator that tries one after the other, such as contains or cidr
MAX_TEXT_LENGTH = 1_000  # characters in one value of a condition
MAX_UNIT_LENGTH = 200  # characters in a targeting key that a definition names
MAX_PATTERN_LENGTH = 500  # characters in a regular expression
MAX_PREREQUISITES = 10  # per flag
MAX_PREREQUISITE_DEPTH = 10  # flags in a row, each waiting for the next
MAX_OVERRIDES = 100  # groups of individual users per flag
MAX_OVERRIDDEN = 1_000  # individual users in all of a flag's overrides; more belong in a segment
MAX_SEGMENT_DEPTH = 5  # segments in a row, each naming the next
MAX_VALUE_BYTES = 65_536  # one variant's value, as JSON
MAX_VALUE_DEPTH = 16  # objects and arrays inside a variant's value, the value itself counted
MAX_SAFE_INTEGER = 2**53  # larger integers change when JavaScript reads them

MAX_CONTEXT_DEPTH = 8  # objects and arrays inside a context, the context itself counted
MAX_CONTEXT_ITEMS = 1_000  # in one array of a context
MAX_CONTEXT_SIZE = 65_536  # every value counts 1, every text and attribute name its characters as well

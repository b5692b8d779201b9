//! Whether the words of a text make sense in the encoding it seems to be in, and in which one they do.
//!
//! Text of DOS or of an old Mac is as valid in windows-1252 as any other, so only its words can tell: `M\x81ller` is none
//! there, and one in code page 850. Only words that mix letters of ASCII with others are looked at: Greek, Cyrillic and the
//! scripts of Asia have hardly any, and are left to whoever knows them better. A text is never taken away from an encoding in
//! which most of its words are words.

use encoding_rs::{Encoding, MACINTOSH, WINDOWS_1252};

use super::charset::Charset;

/// What the words of a text say of an encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// Nothing against it.
    Right,
    /// They are words in this one and not in that.
    Better(Charset),
    /// They are words in none.
    Wrong,
}

/// Words to look at, and bytes of the longest.
const MOST_WORDS: usize = 5000;
const LONGEST: usize = 40;
/// With fewer words than this all must agree.
const FEW: usize = 3;

/// Judges the encoding that a text seems to be in by the words at its start.
pub(super) fn judge(head: &[u8], guess: &'static Encoding) -> Judged {
    if !is_mixed(head) {
        return Judged::Right;
    }
    let words = words(head);
    let count = words.len();
    let read_as = |encoding: Charset| Reading::of(&words, encoding);
    let usual = [guess, WINDOWS_1252].map(|encoding| read_as(encoding.into()).good);
    let usual = usual.into_iter().max().unwrap_or_default();
    if count == 0 || usual * 10 > count * 6 || count < FEW && usual > 0 {
        return Judged::Right;
    }
    let pages = [850, 437, 852].into_iter().filter_map(Charset::of_page);
    let others = pages
        .chain([MACINTOSH.into()])
        .map(|encoding| (read_as(encoding), encoding));
    // The first of equals stays: what most exports were made with.
    let best = others.reduce(|best, other| if other.0 > best.0 { other } else { best });
    match best {
        Some((reading, encoding)) if reading.is_sure(count) => {
            Judged::Better(with_euro(head, encoding))
        }
        // Characters of Asia are made of letters, too.
        _ if count < FEW || !guess.is_single_byte() => Judged::Right,
        _ => Judged::Wrong,
    }
}

/// Whether bytes beyond ASCII stand by themselves between those of ASCII, as in languages of Europe that are written in Latin
/// letters, and are not UTF-8 with something broken in it. Lines that are drawn don't count.
fn is_mixed(head: &[u8]) -> bool {
    let (mut whole, mut broken) = (0_usize, 0_usize);
    for chunk in head.utf8_chunks() {
        whole += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    if whole * 2 > broken {
        return false;
    }
    let is_high = |byte: u8| byte >= 0x80 && !(0xb0..=0xdf).contains(&byte);
    let (mut single, mut double) = (0_usize, 0_usize);
    for (index, &byte) in head.iter().enumerate() {
        if is_high(byte) {
            let before = index.checked_sub(1).map(|before| head[before]);
            let has_high = before.is_some_and(is_high);
            double += usize::from(has_high);
            single += usize::from(!has_high);
        }
    }
    double * 2 <= single
}

/// The different words that have letters of ASCII and bytes beyond it.
fn words(head: &[u8]) -> Vec<&[u8]> {
    let is_word = |word: &&[u8]| {
        let letters = word.iter().filter(|byte| byte.is_ascii()).count();
        letters >= 2 && letters < word.len() && word.len() <= LONGEST
    };
    let mut words: Vec<&[u8]> = head
        .split(|byte| byte.is_ascii() && !byte.is_ascii_alphabetic())
        .filter(is_word)
        .take(MOST_WORDS)
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// How a text reads in an encoding: words that are some, and letters in them that are frequent in languages of Europe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Reading {
    good: usize,
    frequent: usize,
}

impl Reading {
    fn of(words: &[&[u8]], encoding: Charset) -> Self {
        let mut reading = Self {
            good: 0,
            frequent: 0,
        };
        for word in words {
            let word: Vec<char> = encoding.decode(word).chars().collect();
            if is_word(&word) {
                reading.good += 1;
                let frequent = word.iter().filter(|c| FREQUENT.contains(**c));
                reading.frequent += frequent.count();
            }
        }
        reading
    }

    /// Whether it is how a text with so many words is meant.
    fn is_sure(self, count: usize) -> bool {
        if count < FEW {
            self.good == count && self.frequent >= count
        } else {
            self.good * 20 >= count * 19 && self.frequent * 2 >= count
        }
    }
}

/// Letters that are frequent in some language of Europe.
const FREQUENT: &str = "áàâäãåçéèêëíïîñóôöøúüßÄÅÉÖØÜąćčďęěłńňřśšťůýźżžőű";

/// Whether a word is one by its letters, and by where capitals and other characters stand among them.
fn is_word(word: &[char]) -> bool {
    let letter = |c: &char| c.is_ascii_alphabetic() || is_letter(*c);
    let (Some(first), Some(last)) = (word.iter().position(letter), word.iter().rposition(letter))
    else {
        return false;
    };
    let plain = || word.iter().filter(|c| c.is_ascii_alphabetic());
    let capitals = plain().all(char::is_ascii_uppercase);
    word.iter().enumerate().all(|(index, &c)| {
        if c.is_ascii_alphabetic() {
            true
        } else if is_letter(c) {
            let is_first = index == first || !letter(&word[index - 1]);
            // Of two or more capitals a small letter is none, but for one that has no capital.
            let is_small = c.is_lowercase() && (!capitals || c == 'ß' || plain().count() < 2);
            is_small && follows_case(word, index) || c.is_uppercase() && (is_first || capitals)
        } else if index < first {
            may_open(c)
        } else if index > last {
            may_close(c)
        } else {
            may_join(c)
        }
    })
}

/// Whether no capital follows a small letter.
fn follows_case(word: &[char], index: usize) -> bool {
    word.get(index + 1).is_none_or(|next| !next.is_uppercase())
}

/// Letters of languages that are written in Latin ones.
fn is_letter(c: char) -> bool {
    matches!(c, '\u{c0}'..='\u{17f}' | '\u{218}'..='\u{21b}') && !matches!(c, '×' | '÷')
}

fn is_drawn(c: char) -> bool {
    matches!(c, '\u{2500}'..='\u{25ff}')
}

/// What stands before a word without a space.
fn may_open(c: char) -> bool {
    is_drawn(c) || !c.is_control() && !matches!(c, 'ˆ' | '‰' | '˜' | 'ƒ' | '›' | '™' | '\u{fffd}')
}

/// What stands behind a word without a space.
fn may_close(c: char) -> bool {
    const NEVER: &str = "‚„ˆ‰ƒ˜¢£¤¥¡¿‹ˇ˘\u{fffd}";
    !c.is_control() && !NEVER.contains(c)
}

/// What stands between two words without a space.
fn may_join(c: char) -> bool {
    is_drawn(c) || "’‘´–—…·•\u{a0}\u{ad}".contains(c)
}

/// The page of Western Europe has a euro sign since 1998, in the place of a letter that only Turkish has.
fn with_euro(head: &[u8], encoding: Charset) -> Charset {
    const EURO: u8 = 0xd5;
    let is_amount = |at: usize| {
        let near = [at.checked_sub(1), Some(at + 1)];
        let mut near = near.into_iter().flatten().filter_map(|at| head.get(at));
        near.any(u8::is_ascii_digit)
            || matches!(head.get(at + 1..at + 3), Some([b' ', digit]) if digit.is_ascii_digit())
    };
    let has_amount = memchr::memchr_iter(EURO, head).any(is_amount);
    match Charset::of_page(858) {
        Some(page) if has_amount && Some(encoding) == Charset::of_page(850) => page,
        _ => encoding,
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{IBM866, SHIFT_JIS, WINDOWS_1250, WINDOWS_1251};

    use super::super::encoding::{Certainty, detect};
    use super::*;

    /// The text in an encoding.
    fn stored(text: &str, encoding: Charset) -> Vec<u8> {
        match encoding {
            Charset::Web(encoding) => encoding.encode(text).0.into_owned(),
            Charset::Page(page) => {
                let byte = |c| (0..=255).find(|&byte| page.character(byte) == c);
                text.chars().map(|c| byte(c).unwrap()).collect()
            }
            Charset::Utf32(_) => unreachable!(),
        }
    }

    fn read(text: &str, encoding: impl Into<Charset>) -> (&'static str, Certainty) {
        let detected = detect(&stored(text, encoding.into()), None).unwrap();
        (detected.encoding.name(), detected.certainty)
    }

    const DUTCH: &str =
        "naam;plaats\nZoë van Beïnum;Curaçao\nRené Müller;Coëvorden\nJosé Núñez;Málaga\n";
    const GERMAN: &str = "Name;Ort\nJürgen Groß;Köln\nBärbel Schäfer;Düsseldorf\nÖzgür Jäger;Würzburg\nJÖRG MÜLLER;LÜBECK\n";
    const FRENCH: &str = "nom;ville\nHélène Lefèvre;Orléans\nFrançois Gérard;Nîmes\nBenoît Hébert;Besançon\nMaël Béranger;déjà à Sète\n";
    const CZECH: &str = "jméno;město\nJiří Dvořák;Plzeň\nTomáš Černý;Třebíč\nŠárka Růžičková;Ústí nad Labem\nLuděk Kříž;Žďár\n";
    const POLISH: &str = "imię;miasto\nŁukasz Wójcik;Łódź\nStanisław Dąbrowski;Kraków\nMałgorzata Świątek;Gdańsk\nZbigniew Żak;Częstochowa\n";
    const NORDIC: &str = "navn;by\nSøren Sørensen;Ærø\nÅse Bjørnstad;Tromsø\nJörgen Åström;Malmö\n";

    #[test]
    fn pages_of_dos_are_told_by_their_words() {
        let page = |number| Charset::of_page(number).unwrap();
        for (text, number, name) in [
            (DUTCH, 850, "IBM850"),
            (DUTCH, 437, "IBM850"),
            (GERMAN, 850, "IBM850"),
            (FRENCH, 850, "IBM850"),
            (NORDIC, 850, "IBM850"),
            (NORDIC, 865, "IBM850"),
            (CZECH, 852, "IBM852"),
            (POLISH, 852, "IBM852"),
            ("naam;plaats\nMüller;Breda\n", 437, "IBM850"),
            ("naam;plaats\nJosé;Breda\n", 437, "IBM850"),
            (
                "│Müller│ Köln  │\n├───┼───┤\n│Jäger │ Bünde │\n",
                437,
                "IBM850",
            ),
            (
                "Jürgen Groß, 12 € für Bücher\nund € 5 für Äpfel\n",
                858,
                "IBM858",
            ),
        ] {
            assert_eq!(read(text, page(number)), (name, Certainty::Guess), "{text}");
        }
        for text in [DUTCH, GERMAN, FRENCH, NORDIC] {
            assert_eq!(
                read(text, MACINTOSH),
                ("macintosh", Certainty::Guess),
                "{text}"
            );
        }
    }

    #[test]
    fn text_that_is_right_stays_as_it_is() {
        for text in [DUTCH, GERMAN, FRENCH, NORDIC] {
            assert_eq!(read(text, WINDOWS_1252), ("windows-1252", Certainty::Sure));
        }
        for text in [CZECH, POLISH] {
            let (name, certainty) = read(text, WINDOWS_1250);
            assert!(
                !name.starts_with("IBM") && certainty == Certainty::Sure,
                "{name}"
            );
        }
        let quotes = "“Don’t”, he said – it’s ‘fine’… „Wort“ und ‚so‘ • item\n†1945 Jan† 50€ ™Foo™ a–b n°5 ¿Qué? ¡Olé! Ša Œuvre Žižka\nde\u{a0}man en\u{a0}vrouw\n";
        // Czech names make it look like text of Central Europe, which has the same marks.
        assert_eq!(
            read(quotes, WINDOWS_1252),
            ("windows-1250", Certainty::Sure)
        );
        for one in [
            "naam\nZoë\n",
            "a’s\n",
            "5 €\n",
            "x\n•\n",
            "ab…\n",
            "ÄRZTE\n",
            "Ärzte\n",
        ] {
            assert_eq!(read(one, WINDOWS_1252).1, Certainty::Sure, "{one}");
        }
        let russian = "имя;город\nИван Петров;Москва\nЗоя Козлова;Тверь\n";
        assert_eq!(
            read(russian, WINDOWS_1251),
            ("windows-1251", Certainty::Sure)
        );
        assert_eq!(read(russian, IBM866), ("IBM866", Certainty::Sure));
        let japanese = "氏名,カメラ\n山田太郎,アイウ\n佐藤花子,ソフト\n";
        assert_eq!(read(japanese, SHIFT_JIS), ("Shift_JIS", Certainty::Sure));
        let greek = "όνομα;πόλη\nΓιώργος Παπαδόπουλος;Αθήνα\n";
        assert_eq!(read(greek, encoding_rs::WINDOWS_1253).1, Certainty::Sure);
    }

    #[test]
    fn words_of_no_language_are_in_doubt() {
        let text = b"a\x9db\x81c, d\xa7e\xd7f, gh\x81\x4d, kl\x8fm\xf7n, op\xabq\xacr\n";
        assert_eq!(judge(text, WINDOWS_1252), Judged::Wrong);
    }
}

//! Encodings of text: those of the web, the code pages of DOS, and UTF-32.
//!
//! `encoding_rs` knows what the web knows. Exports of older programs are in what their screens had, which it doesn't; each of
//! those is a table of the 128 characters above ASCII.

use std::borrow::Cow;
use std::fmt;

use encoding_rs::Encoding;

/// What a text is written in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// An encoding of the WHATWG standard.
    Web(&'static Encoding),
    /// A code page of DOS.
    Page(&'static Page),
    /// UTF-32, with the bytes of its numbers in this order.
    Utf32(Order),
}

/// The order of the bytes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The least comes first.
    Little,
    /// The greatest comes first.
    Big,
}

/// A code page: ASCII, and other characters above it.
#[derive(PartialEq, Eq)]
pub struct Page {
    name: &'static str,
    high: &'static str,
}

impl Page {
    /// The character of a byte; U+FFFD where there is none.
    pub fn character(&self, byte: u8) -> char {
        match byte.checked_sub(0x80) {
            None => char::from(byte),
            Some(high) => {
                let mut characters = self.high.chars();
                characters
                    .nth(usize::from(high))
                    .unwrap_or(char::REPLACEMENT_CHARACTER)
            }
        }
    }

    /// All that its bytes from 0x80 on mean.
    pub fn characters(&self) -> [char; 128] {
        let mut all = [char::REPLACEMENT_CHARACTER; 128];
        all.iter_mut()
            .zip(self.high.chars())
            .for_each(|(into, c)| *into = c);
        all
    }
}

impl Charset {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Web(encoding) => encoding.name(),
            Self::Page(page) => page.name,
            Self::Utf32(Order::Little) => "UTF-32LE",
            Self::Utf32(Order::Big) => "UTF-32BE",
        }
    }

    /// The charset that a label means: one of the web, or `cp850`, `IBM850` and the like.
    pub fn for_label(label: &[u8]) -> Option<Self> {
        if let Some(encoding) = Encoding::for_label(label) {
            return Some(Self::Web(encoding));
        }
        let label = std::str::from_utf8(label).ok()?.trim().to_ascii_lowercase();
        let bare = label.replace(['-', '_', ' '], "");
        match &bare[..] {
            "utf32" | "utf32le" => return Some(Self::Utf32(Order::Little)),
            "utf32be" => return Some(Self::Utf32(Order::Big)),
            _ => {}
        }
        let number = ["cp", "ibm", "oem", "dos", "csibm", "cspc", "codepage"]
            .iter()
            .find_map(|prefix| bare.strip_prefix(prefix))
            .unwrap_or(&bare);
        Self::of_page(number.parse().ok()?)
    }

    /// The code page of this number, among those of DOS.
    pub fn of_page(number: u16) -> Option<Self> {
        if number == 866 {
            return Some(Self::Web(encoding_rs::IBM866));
        }
        let is_meant = |page: &&Page| page.name[3..].parse() == Ok(number);
        PAGES.iter().find(is_meant).map(Self::Page)
    }

    /// Whether bytes below 0x80 are ASCII, wherever they stand between characters.
    pub fn is_ascii_compatible(self) -> bool {
        match self {
            Self::Web(encoding) => encoding.is_ascii_compatible(),
            Self::Page(_) => true,
            Self::Utf32(_) => false,
        }
    }

    /// Whether each character is one byte.
    pub fn is_single_byte(self) -> bool {
        match self {
            Self::Web(encoding) => encoding.is_single_byte(),
            Self::Page(_) => true,
            Self::Utf32(_) => false,
        }
    }

    /// Decodes all of a text; what is no character becomes U+FFFD.
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Web(encoding) => encoding.decode_without_bom_handling(bytes).0,
            Self::Page(page) => match std::str::from_utf8(bytes) {
                Ok(text) if text.is_ascii() => text.into(),
                _ => {
                    let high = page.characters();
                    let of = |&byte: &u8| match byte.checked_sub(0x80) {
                        None => char::from(byte),
                        Some(at) => high[usize::from(at)],
                    };
                    bytes.iter().map(of).collect::<String>().into()
                }
            },
            Self::Utf32(order) => {
                let units = bytes.chunks(4);
                units
                    .map(|unit| order.character(unit))
                    .collect::<String>()
                    .into()
            }
        }
    }
}

impl Order {
    /// The character of four bytes; U+FFFD where they are none, or fewer.
    pub fn character(self, unit: &[u8]) -> char {
        let number = |unit: [u8; 4]| match self {
            Self::Little => u32::from_le_bytes(unit),
            Self::Big => u32::from_be_bytes(unit),
        };
        let unit = <[u8; 4]>::try_from(unit).ok();
        unit.and_then(|unit| char::from_u32(number(unit)))
            .unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

impl From<&'static Encoding> for Charset {
    fn from(encoding: &'static Encoding) -> Self {
        Self::Web(encoding)
    }
}

impl PartialEq<&'static Encoding> for Charset {
    fn eq(&self, other: &&'static Encoding) -> bool {
        matches!(self, Self::Web(encoding) if encoding == other)
    }
}

impl fmt::Debug for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Code page 437, that of the first PC.
pub static PAGE_437: Page = Page {
    name: "IBM437",
    high: "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
};

/// Code pages of DOS; 866, of Russian, is one of the web, too. <https://www.unicode.org/Public/MAPPINGS/VENDORS/MICSFT/PC/>
pub static PAGES: &[Page] = &[
    Page {
        name: "IBM437",
        high: PAGE_437.high,
    },
    // Greek.
    Page {
        name: "IBM737",
        high: "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρσςτυφχψ░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀ωάέήϊίόύϋώΆΈΉΊΌΎΏ±≥≤ΪΫ÷≈°∙·√ⁿ²■\u{a0}",
    },
    // Baltic.
    Page {
        name: "IBM775",
        high: "ĆüéāäģåćłēŖŗīŹÄÅÉæÆōöĢ¢ŚśÖÜø£Ø×¤ĀĪóŻżź”¦©®¬½¼Ł«»░▒▓│┤ĄČĘĖ╣║╗╝ĮŠ┐└┴┬├─┼ŲŪ╚╔╩╦╠═╬Žąčęėįšųūž┘┌█▄▌▐▀ÓßŌŃõÕµńĶķĻļņĒŅ’\u{ad}±“¾¶§÷„°∙·¹³²■\u{a0}",
    },
    // Western Europe.
    Page {
        name: "IBM850",
        high: "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}",
    },
    // Central Europe.
    Page {
        name: "IBM852",
        high: "ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×čáíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐└┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀ÓßÔŃńňŠšŔÚŕŰýÝţ´\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}",
    },
    // Cyrillic.
    Page {
        name: "IBM855",
        high: "ђЂѓЃёЁєЄѕЅіІїЇјЈљЉњЊћЋќЌўЎџЏюЮъЪаАбБцЦдДеЕфФгГ«»░▒▓│┤хХиИ╣║╗╝йЙ┐└┴┬├─┼кК╚╔╩╦╠═╬¤лЛмМнНоОп┘┌█▄Пя▀ЯрРсСтТуУжЖвВьЬ№\u{ad}ыЫзЗшШэЭщЩчЧ§■\u{a0}",
    },
    // Turkish.
    Page {
        name: "IBM857",
        high: "ÇüéâäàåçêëèïîıÄÅÉæÆôöòûùİÖÜø£ØŞşáíóúñÑĞğ¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ºªÊËÈ\u{fffd}ÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµ\u{fffd}×ÚÛÙìÿ¯´\u{ad}±\u{fffd}¾¶§÷¸°¨·¹³²■\u{a0}",
    },
    // Western Europe with the euro sign.
    Page {
        name: "IBM858",
        high: "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈ€ÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}",
    },
    // Portuguese.
    Page {
        name: "IBM860",
        high: "ÇüéâãàÁçêÊèÍÔìÃÂÉÀÈôõòÚùÌÕÜ¢£Ù₧ÓáíóúñÑªº¿Ò¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    },
    // Icelandic.
    Page {
        name: "IBM861",
        high: "ÇüéâäàåçêëèÐðÞÄÅÉæÆôöþûÝýÖÜø£Ø₧ƒáíóúÁÍÓÚ¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    },
    // Hebrew.
    Page {
        name: "IBM862",
        high: "אבגדהוזחטיךכלםמןנסעףפץצקרשת¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    },
    // Canadian French.
    Page {
        name: "IBM863",
        high: "ÇüéâÂà¶çêëèïî‗À§ÉÈÊôËÏûù¤ÔÜ¢£ÙÛƒ¦´óú¨¸³¯Î⌐¬½¼¾«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    },
    // Nordic.
    Page {
        name: "IBM865",
        high: "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø₧ƒáíóúñÑªº¿⌐¬½¼¡«¤░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_all_their_characters() {
        for page in PAGES {
            assert_eq!(page.high.chars().count(), 128, "{}", page.name);
        }
        let decoded = |number: u16, bytes: &'static [u8]| {
            let page = Charset::of_page(number).unwrap();
            page.decode(bytes).into_owned()
        };
        assert_eq!(decoded(437, b"M\x81ller, Jos\x82"), "Müller, José");
        assert_eq!(decoded(850, b"S\xc6o, S\x9bren"), "São, Søren");
        assert_eq!(decoded(852, b"Dvo\xfd\xa0k"), "Dvořák");
        assert_eq!(decoded(858, b"\xd5 5"), "€ 5");
        assert_eq!(decoded(866, b"\x88\xa2\xa0\xad"), "Иван");
    }

    #[test]
    fn labels_of_pages_are_known() {
        let name = |label: &str| Charset::for_label(label.as_bytes()).map(Charset::name);
        assert_eq!(name("utf-8"), Some("UTF-8"));
        assert_eq!(name("latin1"), Some("windows-1252"));
        for label in ["cp850", "IBM850", "850", "ibm-850", "CP_850"] {
            assert_eq!(name(label), Some("IBM850"));
        }
        assert_eq!(name("cp866"), Some("IBM866"));
        assert_eq!(name("UTF-32BE"), Some("UTF-32BE"));
        assert_eq!(name("cp1"), None);
    }
}

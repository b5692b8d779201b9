//! What fields of segments are called that have to do with people.

/// What a field holds: its components, by number.
enum Kind {
    /// Nothing that has parts of its own.
    Plain,
    /// A number, and who gave it.
    Id,
    /// A person's name.
    Name,
    /// A person's number and name.
    Person,
    Address,
    /// Telephone numbers and addresses of mail.
    Telecom,
}

use Kind::{Address, Id, Name, Person, Plain, Telecom};

/// Fields of HL7.
static HL7: &[(&str, usize, &str, Kind)] = &[
    ("PID", 2, "patient id", Id),
    ("PID", 3, "patient identifier", Id),
    ("PID", 4, "alternate patient id", Id),
    ("PID", 5, "patient name", Name),
    ("PID", 6, "mother's maiden name", Name),
    ("PID", 7, "birth date", Plain),
    ("PID", 8, "sex", Plain),
    ("PID", 9, "patient alias", Name),
    ("PID", 10, "race", Plain),
    ("PID", 11, "patient address", Address),
    ("PID", 13, "home phone", Telecom),
    ("PID", 14, "business phone", Telecom),
    ("PID", 15, "language", Plain),
    ("PID", 16, "marital status", Plain),
    ("PID", 17, "religion", Plain),
    ("PID", 18, "account number", Id),
    ("PID", 19, "social security number", Plain),
    ("PID", 20, "driver's licence number", Plain),
    ("PID", 21, "mother's identifier", Id),
    ("PID", 22, "ethnic group", Plain),
    ("PID", 23, "birth place", Plain),
    ("PID", 26, "citizenship", Plain),
    ("PID", 28, "nationality", Plain),
    ("PID", 29, "death date", Plain),
    ("PID", 40, "telecommunication", Telecom),
    ("PD1", 4, "primary care provider", Person),
    ("MRG", 1, "prior patient identifier", Id),
    ("MRG", 7, "prior patient name", Name),
    ("NK1", 2, "name", Name),
    ("NK1", 3, "relationship", Plain),
    ("NK1", 4, "address", Address),
    ("NK1", 5, "phone", Telecom),
    ("NK1", 6, "business phone", Telecom),
    ("NK1", 16, "birth date", Plain),
    ("NK1", 30, "contact person's name", Name),
    ("NK1", 31, "contact person's phone", Telecom),
    ("NK1", 32, "contact person's address", Address),
    ("NK1", 33, "identifier", Id),
    ("NK1", 37, "social security number", Plain),
    ("PV1", 7, "attending doctor", Person),
    ("PV1", 8, "referring doctor", Person),
    ("PV1", 9, "consulting doctor", Person),
    ("PV1", 17, "admitting doctor", Person),
    ("PV1", 19, "visit number", Id),
    ("PV1", 52, "other provider", Person),
    ("GT1", 3, "guarantor name", Name),
    ("GT1", 4, "spouse name", Name),
    ("GT1", 5, "address", Address),
    ("GT1", 6, "home phone", Telecom),
    ("GT1", 7, "business phone", Telecom),
    ("GT1", 8, "birth date", Plain),
    ("GT1", 12, "social security number", Plain),
    ("IN1", 4, "insurance company", Plain),
    ("IN1", 5, "company address", Address),
    ("IN1", 6, "contact person", Name),
    ("IN1", 7, "phone", Telecom),
    ("IN1", 16, "name of insured", Name),
    ("IN1", 18, "birth date", Plain),
    ("IN1", 19, "address of insured", Address),
    ("IN1", 36, "policy number", Plain),
    ("IN1", 49, "insured id", Id),
    ("IN2", 2, "social security number", Plain),
    ("EVN", 5, "operator", Person),
    ("ORC", 10, "entered by", Person),
    ("ORC", 11, "verified by", Person),
    ("ORC", 12, "ordering provider", Person),
    ("ORC", 14, "call back phone", Telecom),
    ("OBR", 10, "collector", Person),
    ("OBR", 16, "ordering provider", Person),
    ("OBR", 17, "call back phone", Telecom),
    ("OBR", 28, "result copies to", Person),
    ("OBX", 3, "observation", Plain),
    ("OBX", 5, "value", Plain),
    ("OBX", 16, "responsible observer", Person),
    ("NTE", 3, "comment", Plain),
    ("AL1", 3, "allergy", Plain),
    ("DG1", 3, "diagnosis", Plain),
    ("DG1", 4, "diagnosis", Plain),
    ("DG1", 16, "diagnosing clinician", Person),
    ("ROL", 4, "role person", Person),
    ("ROL", 11, "address", Address),
    ("ROL", 12, "phone", Telecom),
    ("SCH", 12, "placer contact person", Person),
    ("SCH", 16, "filler contact person", Person),
    ("TXA", 9, "originator", Person),
    ("STF", 3, "staff name", Name),
    ("STF", 6, "birth date", Plain),
    ("STF", 10, "phone", Telecom),
    ("STF", 11, "address", Address),
    ("STF", 15, "email address", Plain),
];

/// Components of EDIFACT and X12, by field and component.
static OTHERS: &[(&str, (usize, usize), &str)] = &[
    ("NAD", (2, 1), "party id"),
    ("NAD", (3, 1), "name and address"),
    ("NAD", (4, 1), "party name"),
    ("NAD", (4, 2), "party name"),
    ("NAD", (5, 1), "street address"),
    ("NAD", (6, 1), "city"),
    ("NAD", (8, 1), "postal code"),
    ("NAD", (9, 1), "country"),
    ("CTA", (2, 2), "contact name"),
    ("COM", (1, 1), "contact"),
    ("FTX", (4, 1), "text"),
    ("FII", (2, 1), "account number"),
    ("FII", (2, 2), "account holder"),
    ("PDI", (1, 1), "sex"),
    ("NM1", (3, 1), "last name"),
    ("NM1", (4, 1), "first name"),
    ("NM1", (5, 1), "middle name"),
    ("NM1", (9, 1), "id number"),
    ("N1", (2, 1), "name"),
    ("N3", (1, 1), "street address"),
    ("N4", (1, 1), "city"),
    ("N4", (2, 1), "state"),
    ("N4", (3, 1), "postal code"),
    ("PER", (2, 1), "contact name"),
    ("PER", (4, 1), "communication number"),
    ("PER", (6, 1), "communication number"),
    ("DMG", (2, 1), "birth date"),
    ("DMG", (3, 1), "sex"),
];

impl Kind {
    fn component(&self, number: usize, field: &'static str) -> Option<&'static str> {
        let list: &[&str] = match self {
            Plain | Id => return (number == 1).then_some(field),
            Name => &[
                "family name",
                "given name",
                "middle name",
                "suffix",
                "prefix",
                "degree",
            ],
            Person => &["id number", "family name", "given name", "middle name"],
            Address => &[
                "street address",
                "street address 2",
                "city",
                "state",
                "postal code",
                "country",
            ],
            Telecom => match number {
                1 | 12 => return Some("phone"),
                4 => return Some("email"),
                _ => return None,
            },
        };
        list.get(number - 1).copied()
    }

    fn has_parts(&self) -> bool {
        !matches!(self, Plain)
    }
}

/// What the column of a component is called: `PID.5.1 family name`. A field's first component stands for the field where that
/// has no parts of its own.
pub(super) fn column(
    format: &str,
    tag: &str,
    (field, component): (usize, usize),
    qualifier: &[u8],
) -> String {
    let (name, has_parts) = if format == "hl7" {
        let known = HL7.iter().find(|known| known.0 == tag && known.1 == field);
        known.map_or((None, false), |(_, _, name, kind)| {
            (kind.component(component, name), kind.has_parts())
        })
    } else {
        // Which of many dates it is says a number before it.
        let is_birth = tag == "DTM" && qualifier == b"329" && component == 2;
        let known = OTHERS
            .iter()
            .find(|known| known.0 == tag && known.1 == (field, component));
        let name = known.map(|known| known.2);
        (name.or(is_birth.then_some("birth date")), false)
    };
    let place = if component == 1 && !has_parts {
        format!("{tag}.{field}")
    } else {
        format!("{tag}.{field}.{component}")
    };
    match name {
        Some(name) => format!("{place} {name}"),
        None => place,
    }
}

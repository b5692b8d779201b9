//! The texts of reports, in each language: all of them, here.
//!
//! To add a language: its variant in [`Lang`], its code in [`LANGUAGES`], and a third text on every line below. The
//! compiler misses none.

use super::grid::counted;
use crate::event::{
    Acceptance, DecisionRecord, PolicyRecord, PseudonymRecord, Sampled, Status, Summary,
};

/// A language of reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Dutch.
    Nl,
}

/// All languages, by the code that names them.
pub static LANGUAGES: [(&str, Lang); 2] = [("en", Lang::En), ("nl", Lang::Nl)];

impl Lang {
    /// The language of this code.
    pub fn by_code(code: &str) -> Option<Self> {
        let found = LANGUAGES.iter().find(|(known, _)| *known == code);
        found.map(|(_, lang)| *lang)
    }

    /// The language of a locale such as `nl_NL.UTF-8`; English where there is none of its own.
    pub fn of_locale(locale: &str) -> Self {
        let code = locale
            .split(['_', '.', '-', '@'])
            .next()
            .unwrap_or_default();
        Self::by_code(&code.to_lowercase()).unwrap_or_default()
    }

    /// Its code.
    pub fn code(self) -> &'static str {
        let found = LANGUAGES.iter().find(|(_, lang)| *lang == self);
        found.map_or("en", |(code, _)| code)
    }

    /// Its texts.
    pub(crate) fn words(self) -> &'static Words {
        match self {
            Lang::En => &EN,
            Lang::Nl => &NL,
        }
    }

    /// A number, with its thousands marked as is usual.
    pub(crate) fn counted(self, number: u64) -> String {
        let text = counted(number);
        match self {
            Lang::En => text,
            Lang::Nl => text.replace(',', "."),
        }
    }

    /// A number that is written with a decimal point, as the language writes it.
    pub(super) fn decimal(self, text: &str) -> String {
        text.replace('.', self.words().decimal)
    }

    /// Bytes in decimal units.
    pub(super) fn size(self, bytes: u64) -> String {
        self.decimal(&super::size(bytes as f64))
    }

    /// A count in few characters: `950`, `1.6k`, `123k`, `3.0M`.
    pub(super) fn short(self, count: u64) -> String {
        let units = ["", "k", "M", "G", "T", "P", "E"];
        let mut value = count as f64;
        let mut unit = 0;
        while value >= 999.5 && unit + 1 < units.len() {
            value /= 1000.0;
            unit += 1;
        }
        let digits = usize::from(unit > 0 && value < 99.95);
        self.decimal(&format!("{value:.digits$}{}", units[unit]))
    }

    /// What was found where no column of personal data was: nothing, or so many columns of hashes.
    pub(super) fn only_hashes(self, columns: usize, summary: &Summary) -> String {
        let words = self.words();
        match columns {
            0 if summary.baseline.is_some() => words.nothing_new.to_owned(),
            0 => words.nothing_found.to_owned(),
            _ => format!("{}: {}", words.pseudonyms, self.counted(columns as u64)),
        }
    }

    /// In how many more places than those shown a policy was met; empty where in none. A policy without places is about
    /// inputs that were not read.
    pub(super) fn more_places(self, policy: &PolicyRecord, shown: usize) -> String {
        let words = self.words();
        match (policy.count.saturating_sub(shown as u64), shown) {
            (0, _) => String::new(),
            (1, 0) => format!("1 {}", words.input_one),
            (count, 0) => format!("{} {}", self.counted(count), words.inputs),
            (more, _) => format!("+{}", self.counted(more)),
        }
    }

    /// What a column of hashes is made of.
    pub(super) fn pseudonym(self, record: &PseudonymRecord) -> String {
        let words = self.words();
        let text = match &*record.text {
            "in lower case" => words.pseudonym_lower,
            "without punctuation" => words.pseudonym_bare,
            _ => words.pseudonym_as_is,
        };
        let parts = [
            ("algorithm", &*record.algorithm),
            ("of", &*record.of),
            ("text", text),
            ("matched", &self.counted(record.matched)),
            ("compared", &self.counted(record.compared)),
        ];
        filled(words.pseudonym, &parts)
    }

    /// What all counts leave out: what a baseline has, and records that were not looked at; none where they leave out nothing.
    pub(super) fn sampled(self, summary: &Summary) -> Option<String> {
        let words = self.words();
        let baseline = summary.baseline.as_ref().map(|baseline| {
            let text = if baseline.findings {
                words.baseline
            } else {
                words.baseline_columns
            };
            filled(text, &[("started", &*baseline.started)])
        });
        match (baseline, self.sampled_share(summary)) {
            (Some(baseline), Some(sample)) => Some(format!("{baseline} {sample}")),
            (baseline, sample) => baseline.or(sample),
        }
    }

    /// That only part of the records was looked at, and which share; none where all were.
    fn sampled_share(self, summary: &Summary) -> Option<String> {
        let sample = summary
            .sample
            .filter(|sample| sample.sampled < sample.records)?;
        let parts = [
            ("sampled", &*self.counted(sample.sampled)),
            ("records", &self.counted(sample.records)),
            ("percent", &self.percent(sample)),
        ];
        Some(filled(self.words().sampled, &parts))
    }

    /// Rounded down, so that a part never looks like all of it.
    fn percent(self, sample: Sampled) -> String {
        let hundredths = u128::from(sample.sampled) * 10_000 / u128::from(sample.records.max(1));
        let text = match hundredths {
            0 if sample.sampled > 0 => "< 0.01".to_owned(),
            _ => format!("{}.{:02}", hundredths / 100, hundredths % 100),
        };
        match self {
            Lang::En => text,
            Lang::Nl => text.replace('.', ","),
        }
    }
}

macro_rules! words {
    ($($name:ident: $en:literal, $nl:literal;)*) => {
        /// The texts of one language.
        #[derive(Debug)]
        pub(crate) struct Words {
            $(pub(crate) $name: &'static str,)*
        }

        static EN: Words = Words { $($name: $en,)* };
        static NL: Words = Words { $($name: $nl,)* };

        impl Words {
            /// Every text, by its name.
            pub(super) fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($name), self.$name),)*]
            }
        }
    };
}

words! {
    code: "en", "nl";
    title: "Where personal data lives", "Waar persoonsgegevens staan";
    interrupted: "Stopped before the end: this is what was found until then.",
        "Voor het einde gestopt: dit is wat tot dan toe is gevonden.";
    sampled: "A sample: {sampled} of {records} records were looked at ({percent} %). All counts are those of the sample.",
        "Een steekproef: {sampled} van {records} records zijn bekeken ({percent} %). Alle aantallen zijn die van de steekproef.";
    baseline: "Only what is new since the scan of {started}: findings that its result has are left out, here and in all counts.",
        "Alleen wat nieuw is sinds de scan van {started}: bevindingen die in dat resultaat staan, zijn weggelaten, ook uit alle aantallen.";
    baseline_columns: "Only what is new since the scan of {started}: what its result has in a column is left out, whatever the values, for the two have no --key-file in common.",
        "Alleen wat nieuw is sinds de scan van {started}: wat dat resultaat in een kolom heeft, is weggelaten, ongeacht de waarden, want beide hebben geen gemeenschappelijke --key-file.";
    nothing_new: "Nothing new was found in what was read.", "In wat gelezen is, is niets nieuws gevonden.";
    revealed: "Values are shown as they are (--reveal): this is personal data itself.",
        "Waarden staan er leesbaar in (--reveal): dit document bevat zelf persoonsgegevens.";
    confidential: "Confidential: values are masked, but this says where personal data is.",
        "Vertrouwelijk: waarden zijn gemaskeerd, maar hier staat waar persoonsgegevens zijn.";
    nothing_found: "No personal data was found in what was read.",
        "In wat gelezen is, zijn geen persoonsgegevens gevonden.";
    lead: "Personal data in {columns} of {inputs}.", "Persoonsgegevens in {columns} van {inputs}.";
    lead_sensitive: "Most sensitive: {kinds}.", "Het gevoeligst: {kinds}.";
    lead_unread: "{count} could not be read in full: see coverage.",
        "{count} konden niet volledig gelezen worden: zie dekking.";
    lead_unread_one: "One input could not be read in full: see coverage.",
        "Eén invoer kon niet volledig gelezen worden: zie dekking.";
    lead_all_read: "Everything was read.", "Alles is gelezen.";
    about: "about", "ongeveer";
    people: "people", "personen";
    people_hint: "Estimate: the most different values in any one column that identifies people.",
        "Schatting: het grootste aantal verschillende waarden in één kolom die personen aanwijst.";
    columns: "columns", "kolommen";
    column_one: "column", "kolom";
    tables: "tables", "tabellen";
    inputs: "files", "bestanden";
    input_one: "file", "bestand";
    findings: "findings", "vindplaatsen";
    distinct: "different values", "verschillende waarden";
    columns_found: "columns with personal data", "kolommen met persoonsgegevens";
    inputs_found: "files with personal data", "bestanden met persoonsgegevens";
    tables_found: "tables with personal data", "tabellen met persoonsgegevens";
    distinct_sum: "different values, added up over columns", "verschillende waarden, opgeteld over kolommen";
    distinct_hint: "A value that is in several columns counts in each of them.",
        "Een waarde die in meer kolommen staat, telt in elke kolom mee.";
    column: "Column", "Kolom";
    table: "Table", "Tabel";
    place: "Place", "Plaats";
    text: "text", "tekst";
    kind: "Kind", "Soort";
    category_word: "Category", "Categorie";
    rows: "Rows", "Rijen";
    share: "Share", "Aandeel";
    sure: "Sure", "Zekerheid";
    examples: "Examples", "Voorbeelden";
    evidence: "Evidence", "Bewijs";
    decimal: ".", ",";
    reason_shape: "It looks like one", "Het ziet er zo uit";
    reason_check: "Its check holds: {what}", "De controle klopt: {what}";
    reason_not_in_list: "It is not in a list: {what}", "Het staat niet in een lijst: {what}";
    reason_reveals: "It tells: {what}", "Het verraadt: {what}";
    reason_third_party: "Third party: {what}", "Derde partij: {what}";
    reason_near: "A word nearby: {what}", "Een woord in de buurt: {what}";
    reason_a_word_nearby: "A word nearby", "Een woord in de buurt";
    reason_label: "The word right before it: {what}", "Het woord er vlak voor: {what}";
    reason_a_word_before: "A word right before it", "Een woord er vlak voor";
    reason_rival_near: "Near a word for something that looks the same", "Bij een woord voor iets dat er net zo uitziet";
    reason_placeholder: "A placeholder or test value", "Een plaatshouder of testwaarde";
    reason_header: "The name of the column: {what}", "De naam van de kolom: {what}";
    reason_header_part: "Part of the name of the column: {what}", "Een deel van de naam van de kolom: {what}";
    reason_path: "The name above the column: {what}", "De naam boven de kolom: {what}";
    reason_header_about: "The name of the column is about one: {what}", "De naam van de kolom gaat erover: {what}";
    reason_header_against: "The name of the column says otherwise: {what}", "De naam van de kolom zegt iets anders: {what}";
    reason_header_of_another: "The name of the column means something else: {what}",
        "De naam van de kolom betekent iets anders: {what}";
    reason_neighbours: "The columns beside it: {what}", "De kolommen ernaast: {what}";
    reason_country: "The country of the columns beside it: {what}", "Het land van de kolommen ernaast: {what}";
    reason_few: "Few cells look so", "Weinig cellen zien er zo uit";
    reason_constant: "The column hardly varies", "De kolom varieert nauwelijks";
    reason_sibling: "Other cells of the column are certain", "Andere cellen van de kolom zijn zeker";
    reason_unlike: "Other cells of the column that look alike are none", "Andere cellen van de kolom die erop lijken, zijn het niet";
    reason_others: "Other kinds explain the same cells", "Andere soorten verklaren dezelfde cellen";
    reason_others_in_text: "Other kinds explain the same stretches of text", "Andere soorten verklaren dezelfde stukken tekst";
    reason_something_else: "The column is certain to hold something else", "De kolom bevat zeker iets anders";
    reason_calibration: "Adjusted to what was measured", "Bijgesteld naar wat is gemeten";
    reason_passes: "{share} % of the cells pass the check; by chance {chance} % would",
        "{share} % van de cellen doorstaat de controle; bij toeval zou dat {chance} % zijn";
    reason_passed: "{passed} of {all} pass the check", "{passed} van de {all} doorstaan de controle";
    reason_weighted: "weighted sum, remainder of {modulus}", "gewogen som, rest van {modulus}";
    reason_list: "list of {list}", "lijst {list}";
    reason_and: "and", "en";
    accepted: "accepted", "geaccepteerd";
    accepted_by: "Accepted by {who}: {why}", "Geaccepteerd door {who}: {why}";
    accepted_until: "until {until}", "tot en met {until}";
    ignored_for: "Ignored: {why}", "Genegeerd: {why}";
    certain: "certain", "zeker";
    likely: "likely", "waarschijnlijk";
    possible: "possible", "mogelijk";
    doubtful: "doubtful", "twijfelachtig";
    input: "File", "Bestand";
    member: "Member", "Onderdeel";
    format: "Format", "Formaat";
    status: "Status", "Status";
    reason: "Reason", "Reden";
    bytes: "Size", "Grootte";
    scanned: "read", "gelezen";
    partial: "read in part", "deels gelezen";
    skipped: "skipped", "overgeslagen";
    failed: "not readable", "onleesbaar";
    not_read: "What was not read in full", "Wat niet volledig gelezen is";
    columns_left_out: "more columns are left out here; the saved result has them all.",
        "kolommen staan hier niet; het bewaarde resultaat heeft ze allemaal.";
    policy: "Policy", "Beleid";
    policies: "Policies", "Beleid";
    verdict: "Verdict", "Oordeel";
    places: "Places", "Plaatsen";
    policy_met: "violated", "overtreden";
    policy_holds: "holds", "nageleefd";
    pseudonyms: "Hashes that are personal data", "Hashes die persoonsgegevens zijn";
    pseudonyms_hint: "These columns hold hashes, without a salt, of values that were found in plain: whoever knows a value knows its hash, so people can still be told.",
        "Deze kolommen bevatten hashes, zonder salt, van waarden die ook leesbaar zijn gevonden: wie een waarde kent, kent de hash, dus personen blijven herkenbaar.";
    pseudonym: "{algorithm} of {of}, {text}; {matched} of {compared} compared are the same",
        "{algorithm} van {of}, {text}; {matched} van {compared} vergeleken zijn gelijk";
    pseudonym_as_is: "as it stands", "zoals het er staat";
    pseudonym_lower: "in lower case", "in kleine letters";
    pseudonym_bare: "without punctuation", "zonder leestekens";
    decisions: "Decisions", "Besluiten";
    decision: "Decision", "Besluit";
    decisions_more: "more decisions are left out here; the saved result has them all.",
        "besluiten staan hier niet; het bewaarde resultaat heeft ze allemaal.";
    decision_accept: "accept", "geaccepteerd";
    decision_ignore: "ignore", "genegeerd";
    decision_source: "source", "bron";
    decision_threshold: "threshold", "drempel";
    decision_used: "used", "gebruikt";
    decision_unused: "unused", "ongebruikt";
    decision_expired: "expired", "verlopen";
    summary: "Summary", "Samenvatting";
    kinds: "What kinds of data", "Welke soorten gegevens";
    kinds_hint: "Most sensitive first. The bar shows the number of columns.",
        "Het gevoeligst eerst. De balk toont het aantal kolommen.";
    special_note: "GDPR article 9", "AVG artikel 9";
    criminal_note: "GDPR article 10", "AVG artikel 10";
    map: "Where it lives", "Waar het staat";
    map_hint: "Each row is a file, each column a category; the stronger its colour, the more findings. Choose a cell to see its columns.",
        "Elke rij is een bestand, elke kolom een categorie; hoe sterker de kleur, hoe meer vindplaatsen. Kies een vak voor de kolommen.";
    map_more: "more files are in the table below.", "bestanden meer staan in de tabel hieronder.";
    sureness_title: "How sure", "Hoe zeker";
    sureness_hint: "Findings by confidence.", "Vindplaatsen naar zekerheid.";
    all_columns: "Columns", "Kolommen";
    all_columns_hint: "A row for each kind of data in a column. Choose one for its evidence.",
        "Een rij voor elke soort gegevens in een kolom. Kies een rij voor het bewijs.";
    search: "Search", "Zoeken";
    search_hint: "file, table, column, kind", "bestand, tabel, kolom, soort";
    all_categories: "all categories", "alle categorieën";
    any_confidence: "any confidence", "elke zekerheid";
    sort_by: "Sort by", "Sorteren op";
    sort_default: "most sensitive first", "gevoeligst eerst";
    ascending: "ascending", "oplopend";
    descending: "descending", "aflopend";
    reset: "Show all", "Alles tonen";
    shown: "{shown} of {all} rows", "{shown} van {all} rijen";
    printed: "The first {printed} of {all} rows are printed; save the result as CSV or xlsx for all of them.",
        "De eerste {printed} van {all} rijen zijn afgedrukt; bewaar het resultaat als CSV of xlsx voor allemaal.";
    page: "Page {page} of {pages}", "Pagina {page} van {pages}";
    previous: "Previous", "Vorige";
    next: "Next", "Volgende";
    no_match: "No column matches.", "Geen kolom voldoet.";
    details: "Details", "Details";
    close: "Close", "Sluiten";
    why: "Why", "Waarom";
    sum: "The sum behind it", "De optelsom erachter";
    sum_hint: "Log-odds: above 0 speaks for it, below 0 against it.",
        "Log-odds: boven 0 pleit ervoor, onder 0 ertegen.";
    total: "total", "totaal";
    valid: "Valid against chance", "Geldig tegenover toeval";
    valid_text: "{passed} of {of} values pass the check ({share}); by chance {chance} would.",
        "{passed} van {of} waarden doorstaan de controle ({share}); door toeval zou dat {chance} zijn.";
    no_check: "There is no check that proves anything; name and shape decide.",
        "Er is geen controle die iets bewijst; naam en vorm beslissen.";
    invalid_text: "{count} values of this shape fail the check: probably damaged.",
        "{count} waarden van deze vorm doorstaan de controle niet: waarschijnlijk beschadigd.";
    spread: "Confidence of its findings", "Zekerheid van de vindplaatsen";
    coverage: "Coverage", "Dekking";
    coverage_hint: "Every file that was met is counted here; nothing is silently skipped.",
        "Elk bestand dat is tegengekomen, telt hier mee; niets wordt stilzwijgend overgeslagen. Minder gewone redenen zijn in het Engels.";
    coverage_whole: "Every file was read in full.", "Elk bestand is volledig gelezen.";
    coverage_more: "more are counted and not listed.", "meer zijn geteld en niet genoemd.";
    formats: "By format", "Naar formaat";
    good_to_know: "good to know", "goed om te weten";
    rules: "Rules used", "Gebruikte regels";
    rules_hint: "{count} detectors looked for personal data; {found} found some.",
        "{count} detectoren zochten naar persoonsgegevens; {found} vonden iets. Omschrijvingen zijn in het Engels.";
    rules_other: "Detectors that found nothing", "Detectoren die niets vonden";
    detector: "Detector", "Detector";
    meaning: "What it is", "Wat het is";
    how_to_read: "How to read this", "Hoe dit te lezen";
    read_1: "A finding is one value that a detector takes for personal data. Confidence is the probability that it is what the detector says.",
        "Een vindplaats is één waarde die een detector voor een persoonsgegeven houdt. Zekerheid is de kans dat het is wat de detector zegt.";
    read_2: "It comes from the value itself, from the column's name, and from the column as a whole: of the values of the right shape, how many pass the check, against how many would by chance.",
        "Die komt van de waarde zelf, van de naam van de kolom en van de kolom als geheel: hoeveel waarden van de juiste vorm doorstaan de controle, tegenover hoeveel dat door toeval zouden doen.";
    read_3: "Certain is 99 % and more, likely 80 %, possible 50 %. Anything below {least} was left out.",
        "Zeker is 99 % en meer, waarschijnlijk 80 %, mogelijk 50 %. Wat onder {least} ligt, is weggelaten.";
    read_4: "No scanner finds everything: where nothing was found, there may still be personal data, and what was not read was not searched.",
        "Geen scanner vindt alles: waar niets is gevonden, kunnen toch persoonsgegevens staan, en wat niet is gelezen, is niet doorzocht.";
    read_5: "People are estimated from the column with the most different identifying values; the same person in two systems counts once at the most.",
        "Personen zijn geschat uit de kolom met de meeste verschillende identificerende waarden; wie in twee systemen staat, telt hoogstens één keer.";
    made: "Scan of {roots}, begun {started}, {seconds} s", "Scan van {roots}, begonnen {started}, {seconds} s";
    version: "speur {version}, schema {schema}, rules {digest}", "speur {version}, schema {schema}, regels {digest}";
    needs_script: "This browser has JavaScript switched off: {shown} of {all} rows are listed here, and can't be searched, sorted or opened. Summary and coverage are whole.",
        "In deze browser staat JavaScript uit: hier staan {shown} van {all} rijen, en die zijn niet te doorzoeken, te sorteren of te openen. Samenvatting en dekking zijn volledig.";
    value: "Value", "Waarde";
    what: "What", "Wat";
    number: "Number", "Aantal";
    before: "Before", "Voor";
    after: "After", "Na";
    diff_title: "What changed", "Wat er veranderd is";
    diff_none: "No differences; {same} columns are the same.", "Geen verschillen; {same} kolommen zijn gelijk.";
    diff_columns: "Columns: {parts}, {same} the same.", "Kolommen: {parts}, {same} gelijk.";
    diff_gone: "gone", "verdwenen";
    diff_new: "new", "nieuw";
    diff_renamed: "renamed", "hernoemd";
    diff_moved: "moved", "verplaatst";
    diff_changed: "changed", "gewijzigd";
    diff_change: "Change", "Wijziging";
    diff_values: "Values", "Waarden";
    diff_count: "{matches} ({distinct} different, {percent} %)", "{matches} ({distinct} verschillende, {percent} %)";
    diff_similar: "about {percent} % of the values", "ongeveer {percent} % van de waarden";
    diff_holds: "holds {detectors}", "bevat {detectors}";
    diff_tables: "Tables: {parts}.", "Tabellen: {parts}.";
    diff_table: "table", "tabel";
    diff_table_columns: "{columns} columns, {personal} with personal data", "{columns} kolommen, {personal} met persoonsgegevens";
    diff_everywhere: "Over all columns:", "Over alle kolommen:";
    diff_everywhere_same: "Over all columns, no value was lost, added, or occurs more or less often.",
        "Over alle kolommen is geen waarde verloren of erbij gekomen, en komt geen vaker of minder vaak voor.";
    diff_lost: "{count} lost", "{count} verloren";
    diff_lost_elsewhere: "{count} lost here, of which {elsewhere} are in another column now",
        "{count} hier verloren, waarvan nu {elsewhere} in een andere kolom";
    diff_added: "{count} added", "{count} erbij";
    diff_added_elsewhere: "{count} added here, of which {elsewhere} were in another column before",
        "{count} hier erbij, waarvan eerder {elsewhere} in een andere kolom";
    diff_more: "{count} more often", "{count} vaker";
    diff_fewer: "{count} less often", "{count} minder vaak";
    diff_no_key: "The results were not made with the same --key-file: values can't be compared, and a renamed column is gone and new.",
        "De resultaten zijn niet met hetzelfde --key-file gemaakt: waarden zijn niet te vergelijken, en een hernoemde kolom is verdwenen en nieuw.";
    diff_unread_before: "The scan before did not read {count} inputs in full: what seems gone or new may be among them.",
        "De scan ervoor heeft {count} bestanden niet volledig gelezen: wat verdwenen of nieuw lijkt, kan daarbij zitten.";
    diff_unread_after: "The scan after did not read {count} inputs in full: what seems gone or new may be among them.",
        "De scan erna heeft {count} bestanden niet volledig gelezen: wat verdwenen of nieuw lijkt, kan daarbij zitten.";
    diff_sampled: "Of one scan at least, only a sample was looked at: what seems gone, new or changed may be the sample's doing.",
        "Van minstens één scan is alleen een steekproef bekeken: wat verdwenen, nieuw of gewijzigd lijkt, kan door de steekproef komen.";
    diff_left: "{count} more changes are of columns without personal data (--all lists them).",
        "Nog {count} wijzigingen zijn van kolommen zonder persoonsgegevens (--all toont ze).";
    skip_to: "Skip to the table of columns", "Naar de tabel van kolommen";
    cat_contact: "contact", "contact";
    cat_identity: "identity", "identiteit";
    cat_national_id: "national ID", "nationaal nummer";
    cat_document: "document", "document";
    cat_financial: "financial", "financieel";
    cat_device: "device", "apparaat";
    cat_online: "online", "online";
    cat_location: "location", "locatie";
    cat_demographic: "demographic", "demografisch";
    cat_special: "special category", "bijzonder";
    cat_criminal: "criminal", "strafrechtelijk";
    cat_employment: "employment", "werk";
    cat_credential: "credential", "inloggegeven";
    cat_consent: "consent", "toestemming";
}

impl Words {
    /// What a category is called; a category that no language knows is called as it is.
    pub(super) fn category<'a>(&self, name: &'a str) -> std::borrow::Cow<'a, str> {
        let key = format!("cat_{}", name.replace('-', "_"));
        match self.all().into_iter().find(|(known, _)| *known == key) {
            Some((_, text)) => text.into(),
            None => super::escaped(name),
        }
    }

    /// What kind of decision it is.
    pub(super) fn decision_kind<'a>(&self, kind: &'a str) -> std::borrow::Cow<'a, str> {
        match kind {
            "accept" => self.decision_accept.into(),
            "ignore" => self.decision_ignore.into(),
            "source" => self.decision_source.into(),
            "threshold" => self.decision_threshold.into(),
            _ => super::escaped(kind),
        }
    }

    /// What became of a decision.
    pub(super) fn decision_status<'a>(&self, status: &'a str) -> std::borrow::Cow<'a, str> {
        match status {
            "used" => self.decision_used.into(),
            "unused" => self.decision_unused.into(),
            "expired" => self.decision_expired.into(),
            _ => super::escaped(status),
        }
    }

    /// Why there is a decision, and who took it; nothing where that wasn't written down. It is not escaped.
    pub(super) fn decided(&self, decision: &DecisionRecord) -> String {
        match &decision.acceptance {
            None => String::new(),
            // Of a path that is ignored, only the reason is asked for.
            Some(why) if decision.decision == "ignore" => {
                filled(self.ignored_for, &[("why", &why.why)])
            }
            Some(accepted) => self.acceptance(accepted),
        }
    }

    /// Who accepted something, and why. It is not escaped.
    pub(super) fn acceptance(&self, accepted: &Acceptance) -> String {
        let parts = [("who", &*accepted.who), ("why", &accepted.why)];
        let text = filled(self.accepted_by, &parts);
        match &accepted.until {
            None => text,
            Some(until) => {
                let until = filled(self.accepted_until, &[("until", until)]);
                format!("{text} ({until})")
            }
        }
    }

    /// What a status is called.
    pub(super) fn status_of(&self, status: Status) -> &'static str {
        match status {
            Status::Scanned => self.scanned,
            Status::Partial => self.partial,
            Status::Skipped => self.skipped,
            Status::Failed => self.failed,
        }
    }
}

/// The text with each `{name}` replaced.
pub(crate) fn filled(text: &str, parts: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = tail.split_once('}') else {
            out.push('{');
            rest = tail;
            continue;
        };
        let part = parts.iter().find(|(known, _)| *known == name);
        out.push_str(part.map_or("", |(_, text)| text));
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_name_their_language() {
        for (locale, lang) in [
            ("nl_NL.UTF-8", Lang::Nl),
            ("nl", Lang::Nl),
            ("NL-be", Lang::Nl),
            ("nlx", Lang::En),
            ("en_GB", Lang::En),
            ("C", Lang::En),
            ("", Lang::En),
        ] {
            assert_eq!(Lang::of_locale(locale), lang, "{locale}");
        }
    }

    #[test]
    fn short_counts_are_rounded() {
        let cases = [0, 999, 1000, 1612, 3220, 11_240, 99_949, 99_950, 999_500];
        let short = cases.map(|count| Lang::En.short(count));
        let expected = [
            "0", "999", "1.0k", "1.6k", "3.2k", "11.2k", "99.9k", "100k", "1.0M",
        ];
        assert_eq!(short, expected);
        assert_eq!(Lang::Nl.short(u64::MAX), "18,4E");
    }

    #[test]
    fn languages_have_the_same_blanks() {
        for ((name, en), (_, nl)) in EN.all().into_iter().zip(NL.all()) {
            let blanks = |text: &str| {
                let mut names: Vec<_> = text
                    .split('{')
                    .skip(1)
                    .map(|rest| rest.split('}').next().unwrap_or_default().to_owned())
                    .collect();
                names.sort();
                names
            };
            assert_eq!(blanks(en), blanks(nl), "{name}");
            assert!(!en.is_empty() && !nl.is_empty(), "{name}");
        }
        // Replaced parts are never looked into again.
        let parts = [("shown", "{all}"), ("all", "9")];
        assert_eq!(filled("{shown} of {all}", &parts), "{all} of 9");
    }
}

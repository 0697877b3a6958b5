//! A setting as data: its name, its values with their bounds, what a change applies to, and its
//! description. `config()` reads and sets by it, and docs/SETTINGS.md, index.d.ts and README.md are written
//! from it. Its default is its value on a fresh server, so that it is stated nowhere else.

use std::time::Duration;

use crate::binding::errors::Failure;
use crate::binding::settings::{Settings, parse_bool, show_bool};
use crate::binding::state::State;

/// The settings of one subject.
pub(in crate::binding) struct Table {
    pub(in crate::binding) title: &'static str,
    /// Text that applies to all of them, in Markdown; or nothing.
    pub(in crate::binding) intro: &'static str,
    pub(in crate::binding) rows: &'static [Row],
}

/// One setting.
pub(in crate::binding) struct Row {
    pub(in crate::binding) name: &'static str,
    pub(in crate::binding) value: Value,
    pub(in crate::binding) applies: Applies,
    /// Its description, in one line of Markdown.
    pub(in crate::binding) brief: &'static str,
    /// Further description, in Markdown; or nothing.
    pub(in crate::binding) more: &'static str,
    /// Whether only this server has it.
    pub(in crate::binding) is_extension: bool,
    pub(in crate::binding) lines: Lines,
    /// The error of setting it while the server listens or has connections, if that is an error.
    pub(in crate::binding) while_active: Option<u32>,
}

/// What a change applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::binding) enum Applies {
    /// All connections, at once.
    AtOnce,
    /// Connections that come after it.
    NewConnections,
    /// The port, when it is opened next.
    NextListening,
    /// The connection that it is indexed by.
    Connection,
    /// Nothing: it can only be read.
    Never,
}

/// The control characters that a value may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::binding) enum Lines {
    /// None.
    One,
    /// Those that its own row allows: ends of lines at least.
    Several,
    /// All, and it may be as long as a store: it can be the content of a file, or a secret.
    Verbatim,
}

/// How a value is read and set.
pub(in crate::binding) struct Field<T> {
    pub(in crate::binding) get: fn(&Settings) -> T,
    pub(in crate::binding) set: fn(&mut Settings, T),
}

/// The values of a setting.
pub(in crate::binding) enum Value {
    Boolean(Field<bool>),
    Number {
        /// What is counted; or nothing.
        unit: &'static str,
        least: u64,
        most: u64,
        field: Field<u64>,
    },
    /// Whole seconds; 0 stands for `None`.
    Seconds {
        most: u64,
        field: Field<Option<Duration>>,
    },
    /// A number of any size, of which the nearest is taken that systems take (the reference: "reverts");
    /// 0 stands for `None`.
    Nearest {
        unit: &'static str,
        most: u32,
        field: Field<Option<u32>>,
    },
    /// A text of a form of its own.
    Text {
        form: &'static str,
        get: fn(&Settings) -> String,
        set: fn(&mut Settings, &str) -> Result<(), Failure>,
    },
    /// A text that is the same for every server.
    Fact {
        form: &'static str,
        get: fn() -> String,
    },
    /// Of one connection.
    OfConnection {
        form: &'static str,
        get: fn(&State, u64) -> Result<String, Failure>,
        set: Option<fn(&mut State, u64, &str) -> Result<(), Failure>>,
    },
    /// Of one record of several.
    OfRecord {
        form: &'static str,
        get: fn(&Settings, u64) -> Result<String, Failure>,
        set: fn(&mut Settings, u64, &str) -> Result<(), Failure>,
    },
}

/// A row of the usual kind.
pub(in crate::binding) const fn row(
    name: &'static str,
    value: Value,
    applies: Applies,
    brief: &'static str,
    more: &'static str,
) -> Row {
    Row {
        name,
        value,
        applies,
        brief,
        more,
        is_extension: false,
        lines: Lines::One,
        while_active: None,
    }
}

impl Row {
    /// The row of a setting that only this server has.
    pub(in crate::binding) const fn extension(self) -> Self {
        Self { is_extension: true, ..self }
    }

    pub(in crate::binding) const fn lines(self, lines: Lines) -> Self {
        Self { lines, ..self }
    }

    /// The row of a setting that cannot be set while the server listens or has connections.
    pub(in crate::binding) const fn refused_while_active(self, error: u32) -> Self {
        Self { while_active: Some(error), ..self }
    }

    /// The name with its index, as the documentation writes it.
    pub(in crate::binding) fn shown_name(&self) -> String {
        let name = self.name;
        match self.value {
            Value::OfConnection { .. } => format!("{name}[ConnectionId]"),
            Value::OfRecord { .. } => format!("{name}[i]"),
            Value::Boolean(_)
            | Value::Number { .. }
            | Value::Seconds { .. }
            | Value::Nearest { .. }
            | Value::Text { .. }
            | Value::Fact { .. } => name.to_owned(),
        }
    }
}

impl Value {
    /// The value of a server; `None` for a setting with an index.
    pub(in crate::binding) fn read(&self, settings: &Settings) -> Option<String> {
        match self {
            Self::Boolean(field) => Some(show_bool((field.get)(settings))),
            Self::Number { .. } | Self::Seconds { .. } | Self::Nearest { .. } => {
                self.read_number(settings).map(|number| number.to_string())
            }
            Self::Text { get, .. } => Some(get(settings)),
            Self::Fact { get, .. } => Some(get()),
            Self::OfConnection { .. } | Self::OfRecord { .. } => None,
        }
    }

    /// As [`Self::read`], for a number.
    pub(in crate::binding) fn read_number(&self, settings: &Settings) -> Option<u64> {
        match self {
            Self::Number { field, .. } => Some((field.get)(settings)),
            Self::Seconds { field, .. } => {
                Some((field.get)(settings).map_or(0, |time| time.as_secs()))
            }
            Self::Nearest { field, .. } => Some((field.get)(settings).unwrap_or(0).into()),
            Self::Boolean(_)
            | Self::Text { .. }
            | Self::Fact { .. }
            | Self::OfConnection { .. }
            | Self::OfRecord { .. } => None,
        }
    }

    /// Sets the value of a server.
    pub(in crate::binding) fn write(
        &self,
        settings: &mut Settings,
        value: &str,
    ) -> Result<(), Failure> {
        match self {
            Self::Boolean(field) => {
                let bad = || Failure::invalid("The value has to be True or False.");
                (field.set)(settings, parse_bool(value).ok_or_else(bad)?);
            }
            Self::Number { least, most, field, .. } => {
                (field.set)(settings, number(value, *least, *most)?);
            }
            Self::Seconds { most, field } => {
                let seconds: u64 = number(value, 0, *most)?;
                (field.set)(settings, (seconds > 0).then(|| Duration::from_secs(seconds)));
            }
            Self::Nearest { most, field, .. } => {
                (field.set)(settings, Some(nearest(value, *most)?).filter(|number| *number > 0));
            }
            Self::Text { set, .. } => set(settings, value)?,
            Self::Fact { .. } | Self::OfConnection { .. } | Self::OfRecord { .. } => {
                return Err(Failure::invalid("The value cannot be set."));
            }
        }
        Ok(())
    }

    /// The values that it takes, in words.
    pub(in crate::binding) fn form(&self) -> String {
        match self {
            Self::Boolean(_) => "boolean".to_owned(),
            Self::Number { unit: "", least, most, .. } => {
                format!("{least} to {most}")
            }
            Self::Number { unit, least, most, .. } => format!("{unit}, {least} to {most}"),
            Self::Seconds { most, .. } => format!("seconds, 0 to {most}"),
            Self::Nearest { unit, most, .. } => format!("{unit}, 0 to {most}"),
            Self::Text { form, .. }
            | Self::Fact { form, .. }
            | Self::OfConnection { form, .. }
            | Self::OfRecord { form, .. } => (*form).to_owned(),
        }
    }
}

impl Applies {
    /// The text of the documentation.
    pub(in crate::binding) fn shown(self) -> &'static str {
        match self {
            Self::AtOnce => "everything, at once",
            Self::NewConnections => "new connections",
            Self::NextListening => "the next startListening",
            Self::Connection => "that connection",
            Self::Never => "to be read",
        }
    }
}

/// A whole number within bounds.
pub(super) fn number<T: TryFrom<u64>>(value: &str, least: u64, most: u64) -> Result<T, Failure> {
    let bad = || Failure::invalid(format!("The value has to be a number from {least} to {most}."));
    let number: u64 = value.trim().parse().map_err(|_| bad())?;
    if !(least..=most).contains(&number) {
        return Err(bad());
    }
    T::try_from(number).map_err(|_| bad())
}

fn nearest(value: &str, most: u32) -> Result<u32, Failure> {
    let digits = value.trim();
    let (magnitude, below) = match digits.strip_prefix('-') {
        Some(magnitude) => (magnitude, true),
        None => (digits, false),
    };
    if magnitude.is_empty() || !magnitude.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Failure::invalid("The value has to be a whole number."));
    }
    // digits that do not fit a u32 are a number above every bound
    Ok(if below { 0 } else { magnitude.parse().unwrap_or(most).min(most) })
}

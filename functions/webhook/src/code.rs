//! What a sender is told: stable codes, each with its status and what to do.

use axum::http::StatusCode;

macro_rules! codes {
    ($($name:ident = $status:ident $code:literal: $todo:literal;)*) => {
        /// The codes are stable; `docs/WEBHOOKS.md` lists them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $($name,)*
        }

        impl Code {
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            #[must_use]
            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// What the sender can do about it.
            #[must_use]
            pub fn todo(self) -> &'static str {
                match self { $(Self::$name => $todo,)* }
            }
        }
    };
}

codes! {
    PathUnknown = NOT_FOUND "path_unknown":
        "There is nothing here: send events to /webhooks/{endpoint}.";
    EndpointUnknown = NOT_FOUND "endpoint_unknown":
        "No endpoint of this name is configured: check the address.";
    MethodNotAllowed = METHOD_NOT_ALLOWED "method_not_allowed":
        "Send events with POST.";
    ContentTypeUnsupported = UNSUPPORTED_MEDIA_TYPE "content_type_unsupported":
        "Send the event unencoded, as application/json (silent post: as a URL-encoded form).";
    BodyTooLarge = PAYLOAD_TOO_LARGE "body_too_large":
        "Send at most 65536 bytes.";
    BodyUnreadable = BAD_REQUEST "body_unreadable":
        "The body did not arrive whole and in time: send the event again.";
    NotAuthenticated = UNAUTHORIZED "not_authenticated":
        "Check the secret, the signature over the raw body, and the clock.";
    NotUtf8 = BAD_REQUEST "body_not_utf8":
        "Send the body in UTF-8.";
    Malformed = BAD_REQUEST "body_malformed":
        "Send one JSON document (silent post: one form), without anything after it.";
    TooDeep = BAD_REQUEST "body_too_deep":
        "Nest objects and arrays at most 16 levels deep.";
    TooManyKeys = BAD_REQUEST "body_too_many_keys":
        "Send at most 1000 keys.";
    DuplicateKey = BAD_REQUEST "body_duplicate_key":
        "Name each key of an object once.";
    NumberOutOfRange = BAD_REQUEST "body_number_out_of_range":
        "Send integers up to 2^63 - 1 and decimals of at most 38 digits.";
    LoneSurrogate = BAD_REQUEST "body_lone_surrogate":
        "Send both halves of a surrogate pair.";
    CardDataBlocked = BAD_REQUEST "card_data_blocked":
        "Remove card numbers, security codes, PINs and track data; nothing of this was kept.";
    TransactionIdMissing = BAD_REQUEST "transaction_id_missing":
        "Name the PayTrace transaction in the field agreed for this endpoint.";
    TransactionIdInvalid = BAD_REQUEST "transaction_id_invalid":
        "Send the transaction id as 1 to 18 decimal digits.";
    EventIdInvalid = BAD_REQUEST "event_id_invalid":
        "Send an event id of 1 to 128 visible ASCII characters.";
    TooBusy = SERVICE_UNAVAILABLE "too_busy":
        "Too many events at once: send it again after the time in Retry-After.";
    NotRecorded = SERVICE_UNAVAILABLE "not_recorded":
        "The event could not be recorded: send it again after the time in Retry-After.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Code;

    #[test]
    fn codes_are_unique_and_say_what_to_do() {
        let codes: BTreeSet<_> = Code::ALL.iter().map(|code| code.code()).collect();
        assert_eq!(codes.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| code.todo().ends_with('.')));
        assert!(Code::ALL.iter().all(|code| !code.status().is_success()));
    }

    #[test]
    fn the_documentation_lists_every_code() {
        let page = include_str!("../../../docs/WEBHOOKS.md");
        for code in Code::ALL {
            let row =
                format!("| `{}` | {} | {} |", code.code(), code.status().as_u16(), code.todo());
            assert!(page.contains(&row), "docs/WEBHOOKS.md lacks: {row}");
        }
    }
}

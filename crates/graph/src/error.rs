//! The one table from what went wrong to Graph's words. No other file names a status of failure.

use axum::http::StatusCode;
use identity::AuthError;
use mailbox::{FolderDeed, ItemRefusal, Kind, Limit, MailError, SmimeRefusal, SubscriptionRefusal};
use odata::SyntaxError;
use store::StoreError;

macro_rules! error_codes {
    ($($variant:ident $name:literal $status:ident;)*) => {
        /// Graph's error codes: the contract of an error (Graph: errors).
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum ErrorCode { $($variant,)* }

        impl ErrorCode {
            /// The code on the wire.
            pub(crate) fn name(self) -> &'static str {
                match self { $(ErrorCode::$variant => $name,)* }
            }

            pub(crate) fn status(self) -> StatusCode {
                match self { $(ErrorCode::$variant => StatusCode::$status,)* }
            }
        }
    };
}

error_codes! {
    ApplicationThrottled "ApplicationThrottled" TOO_MANY_REQUESTS;
    BadRequest "BadRequest" BAD_REQUEST;
    ErrorAccessDenied "ErrorAccessDenied" FORBIDDEN;
    ErrorCannotDeleteObject "ErrorCannotDeleteObject" BAD_REQUEST;
    ErrorCorruptData "ErrorCorruptData" BAD_REQUEST;
    ErrorDeleteDistinguishedFolder "ErrorDeleteDistinguishedFolder" BAD_REQUEST;
    ErrorFolderExists "ErrorFolderExists" CONFLICT;
    ErrorInternalServerError "ErrorInternalServerError" INTERNAL_SERVER_ERROR;
    ErrorInboxRulesValidationError "ErrorInboxRulesValidationError" BAD_REQUEST;
    ErrorInvalidExtendedProperty "ErrorInvalidExtendedProperty" BAD_REQUEST;
    ErrorInvalidExtendedPropertyValue "ErrorInvalidExtendedPropertyValue" BAD_REQUEST;
    ErrorInvalidIdMalformed "ErrorInvalidIdMalformed" BAD_REQUEST;
    ErrorInvalidOperation "ErrorInvalidOperation" BAD_REQUEST;
    ErrorInvalidProperty "ErrorInvalidProperty" BAD_REQUEST;
    ErrorInvalidPropertySet "ErrorInvalidPropertySet" BAD_REQUEST;
    ErrorInvalidRecipients "ErrorInvalidRecipients" BAD_REQUEST;
    ErrorInvalidRequest "ErrorInvalidRequest" METHOD_NOT_ALLOWED;
    ErrorInvalidUser "ErrorInvalidUser" NOT_FOUND;
    ErrorIrresolvableConflict "ErrorIrresolvableConflict" CONFLICT;
    ErrorInvalidTimeSettings "ErrorInvalidTimeSettings" BAD_REQUEST;
    ErrorItemNotFound "ErrorItemNotFound" NOT_FOUND;
    ErrorMessageSizeExceeded "ErrorMessageSizeExceeded" PAYLOAD_TOO_LARGE;
    ErrorMimeContentInvalidBase64String "ErrorMimeContentInvalidBase64String" BAD_REQUEST;
    ErrorMoveCopyFailed "ErrorMoveCopyFailed" BAD_REQUEST;
    ErrorMoveDistinguishedFolder "ErrorMoveDistinguishedFolder" BAD_REQUEST;
    ErrorQuotaExceeded "ErrorQuotaExceeded" INSUFFICIENT_STORAGE;
    ErrorSendAsDenied "ErrorSendAsDenied" FORBIDDEN;
    ExtensionError "ExtensionError" BAD_REQUEST;
    FailedDependency "FailedDependency" FAILED_DEPENDENCY;
    IdempotencyKeyReused "IdempotencyKeyReused" UNPROCESSABLE_ENTITY;
    InefficientFilter "InefficientFilter" BAD_REQUEST;
    InvalidArguments "InvalidArguments" BAD_REQUEST;
    InvalidAuthenticationToken "InvalidAuthenticationToken" UNAUTHORIZED;
    InvalidInternetMessageHeader "InvalidInternetMessageHeader" BAD_REQUEST;
    InvalidRange "InvalidRange" RANGE_NOT_SATISFIABLE;
    InvalidTimeZone "InvalidTimeZone" BAD_REQUEST;
    MisdirectedRequest "MisdirectedRequest" MISDIRECTED_REQUEST;
    NameAlreadyExists "nameAlreadyExists" CONFLICT;
    NotImplemented "NotImplemented" NOT_IMPLEMENTED;
    PreconditionFailed "ErrorIrresolvableConflict" PRECONDITION_FAILED;
    RequestBodyRead "RequestBodyRead" BAD_REQUEST;
    RequestBrokerParseUri "RequestBroker--ParseUri" BAD_REQUEST;
    RequestTimeout "RequestTimeout" REQUEST_TIMEOUT;
    RequestTooLong "BadRequest" PAYLOAD_TOO_LARGE;
    RequestUnsupportedQuery "Request_UnsupportedQuery" BAD_REQUEST;
    ResourceNotFound "ResourceNotFound" NOT_FOUND;
    ResponseSizeExceeded "ResponseSizeExceeded" INSUFFICIENT_STORAGE;
    SearchWithFilter "SearchWithFilter" BAD_REQUEST;
    SearchWithOrderBy "SearchWithOrderBy" BAD_REQUEST;
    ServiceNotAvailable "ServiceNotAvailable" SERVICE_UNAVAILABLE;
    SmimeCertificateNotFound "SmimeCertificateNotFound" BAD_REQUEST;
    SmimeInvalid "SmimeInvalid" BAD_REQUEST;
    SmimeKeyNotFound "SmimeKeyNotFound" BAD_REQUEST;
    SmimeNotConfigured "SmimeNotConfigured" BAD_REQUEST;
    SmimeUndecryptable "SmimeUndecryptable" UNPROCESSABLE_ENTITY;
    SubscriptionLimit "ExtensionError" FORBIDDEN;
    SyncStateNotFound "SyncStateNotFound" GONE;
    UnsupportedMediaType "UnsupportedMediaType" UNSUPPORTED_MEDIA_TYPE;
    ValidationError "ValidationError" BAD_REQUEST;
}

const CHANGED: &str = "The send or update operation could not be performed because the change key passed in the request does not \
                       match the current change key for the item.";

const ACCESS_DENIED: &str = "Access is denied. Check credentials and try again.";
const SEND_AS_DENIED: &str = "The user account which was used to submit this request does not have the right to send mail on \
                              behalf of the specified sending account., Cannot submit message.";

/// An answer that is an error: a sentence for the caller, and the precise cause.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
    /// Told to the caller too where the caller is at fault, else to the log alone.
    pub(crate) cause: Option<String>,
    /// Where to ask instead.
    pub(crate) location: Option<String>,
    /// Seconds after which to ask again.
    pub(crate) retry_after: Option<i64>,
    /// What the log is told of a refusal, which names nobody.
    pub(crate) reason: Option<&'static str>,
}

impl ApiError {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> ApiError {
        ApiError { code, message: message.into(), cause: None, location: None, retry_after: None, reason: None }
    }

    /// The same, with an address that answers.
    pub(crate) fn located(self, location: String) -> ApiError {
        ApiError { location: Some(location), ..self }
    }

    /// The same, which may be other after so many seconds (RFC 9110 §10.2.3).
    pub(crate) fn retry_after(self, seconds: i64) -> ApiError {
        ApiError { retry_after: Some(seconds), ..self }
    }

    pub(crate) fn because(mut self, cause: impl std::fmt::Display) -> ApiError {
        self.cause = Some(cause.to_string());
        self
    }

    pub(crate) fn access_denied(why: &'static str) -> ApiError {
        MailError::AccessDenied(why).into()
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> ApiError {
        ApiError::new(ErrorCode::BadRequest, message)
    }

    pub(crate) fn misdirected() -> ApiError {
        let message = "This server does not answer for the host that the request names.";
        ApiError::new(ErrorCode::MisdirectedRequest, message).because("The setting 'hosts' names those for which it does.")
    }

    pub(crate) fn malformed_id() -> ApiError {
        ApiError::new(ErrorCode::ErrorInvalidIdMalformed, "Id is malformed.")
    }

    pub(crate) fn no_skip_token() -> ApiError {
        ApiError::bad_request("The value of '$skiptoken' is none that this service gave.")
    }

    pub(crate) fn no_such_segment(segment: &str) -> ApiError {
        ApiError::bad_request(format!("Resource not found for the segment '{segment}'."))
    }

    pub(crate) fn no_such_property(name: &str, of: &str) -> ApiError {
        let message = format!("Could not find a property named '{name}' on type 'microsoft.graph.{of}'.");
        ApiError::new(ErrorCode::RequestBrokerParseUri, message)
    }

    pub(crate) fn unreadable_body(cause: impl std::fmt::Display) -> ApiError {
        let message =
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.";
        ApiError::bad_request(message).because(cause)
    }

    pub(crate) fn unreadable_member(path: &str, expected: &str) -> ApiError {
        let message = format!("The value of the member '{path}' can't be read: {expected} is expected.");
        ApiError::new(ErrorCode::RequestBodyRead, message)
    }

    pub(crate) fn invalid_mime(cause: impl std::fmt::Display) -> ApiError {
        let code = ErrorCode::ErrorMimeContentInvalidBase64String;
        ApiError::new(code, "Invalid base64 string for MIME content.").because(cause)
    }

    pub(crate) fn too_large(limit: u64) -> ApiError {
        let code = ErrorCode::ErrorMessageSizeExceeded;
        ApiError::new(code, "The message exceeds the maximum supported size.").because(format!("the limit is {limit} octets"))
    }

    pub(crate) fn method_not_allowed() -> ApiError {
        ApiError::new(ErrorCode::ErrorInvalidRequest, "The OData request is not supported.")
    }

    /// Graph: user-update-mailboxsettings has these words.
    pub(crate) fn invalid_time_zone() -> ApiError {
        ApiError::new(ErrorCode::InvalidTimeZone, "Time Zone settings provided are invalid.")
    }

    /// A value that is none of those that are known; the page has these words too.
    pub(crate) fn no_such_value(value: &str) -> ApiError {
        ApiError::new(ErrorCode::InvalidArguments, format!("Requested value '{value}' was not found."))
    }

    pub(crate) fn internal(cause: impl std::fmt::Display) -> ApiError {
        let code = ErrorCode::ErrorInternalServerError;
        ApiError::new(code, "An internal server error occurred. The operation failed.").because(cause)
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> ApiError {
        match error {
            AuthError::Expired | AuthError::Invalid | AuthError::Missing | AuthError::Stranger | AuthError::WrongAudience => {
                ApiError::new(ErrorCode::InvalidAuthenticationToken, error.to_string())
            }
            AuthError::Unavailable => {
                let put_off = ApiError::new(ErrorCode::ServiceNotAvailable, error.to_string()).because(error);
                put_off.retry_after(identity::RETRY)
            }
        }
    }
}

impl From<SyntaxError> for ApiError {
    fn from(error: SyntaxError) -> ApiError {
        ApiError::bad_request(format!("The query or path can't be read: {error}."))
    }
}

impl From<MailError> for ApiError {
    fn from(error: MailError) -> ApiError {
        let (cause, reason) = (error.to_string(), error.reason());
        let told = |code, message: &str| ApiError { reason, ..ApiError::new(code, message).because(&cause) };
        match error {
            MailError::AccessDenied(_) | MailError::DistinguishedFolder(FolderDeed::Rename) => {
                told(ErrorCode::ErrorAccessDenied, ACCESS_DENIED)
            }
            MailError::AppLimited(Limit::Mailbox | Limit::RecipientDomain(_)) => {
                told(ErrorCode::ErrorAccessDenied, ACCESS_DENIED)
            }
            MailError::AppLimited(Limit::From(_)) => told(ErrorCode::ErrorSendAsDenied, SEND_AS_DENIED),
            MailError::AppLimited(Limit::Rate { retry_after, .. }) => {
                told(ErrorCode::ApplicationThrottled, "Application is over its send limit.").retry_after(retry_after)
            }
            MailError::CategoryExists(name) => {
                ApiError::new(ErrorCode::NameAlreadyExists, format!("A category with the name '{name}' already exists."))
            }
            MailError::CannotDelete => told(ErrorCode::ErrorCannotDeleteObject, "Object cannot be deleted."),
            MailError::Conflict => told(ErrorCode::ErrorIrresolvableConflict, CHANGED),
            MailError::ExtensionExists(name) => {
                let message = format!("An extension with the name '{name}' already exists.");
                ApiError::new(ErrorCode::NameAlreadyExists, message)
            }
            MailError::DistinguishedFolder(FolderDeed::Delete) => {
                told(ErrorCode::ErrorDeleteDistinguishedFolder, "Distinguished folders cannot be deleted.")
            }
            MailError::DistinguishedFolder(FolderDeed::Move) => {
                told(ErrorCode::ErrorMoveDistinguishedFolder, "Distinguished folders cannot be moved.")
            }
            MailError::FolderWithinItself => told(ErrorCode::ErrorMoveCopyFailed, "The move or copy operation failed."),
            MailError::FolderExists(name) => {
                let message = format!("A folder with the specified name already exists., Could not create folder '{name}'.");
                ApiError::new(ErrorCode::ErrorFolderExists, message)
            }
            MailError::InvalidPropertySet(why) => ApiError::new(ErrorCode::ErrorInvalidPropertySet, why),
            MailError::InvalidRule(why) => ApiError::new(ErrorCode::ErrorInboxRulesValidationError, format!("{why}.")),
            MailError::MailLoop => ApiError::internal(cause), // no request asks for what meets it
            MailError::KeyReused => told(
                ErrorCode::IdempotencyKeyReused,
                "The Idempotency-Key was used with another request within the last 24 hours.",
            ),
            MailError::InvalidHeader(name) => {
                let message = format!("The internet message header name '{name}' can't be set.");
                ApiError::new(ErrorCode::InvalidInternetMessageHeader, message)
            }
            MailError::InvalidRecipients(detail) => {
                let message = format!("At least one recipient is not valid., {detail}.");
                ApiError::new(ErrorCode::ErrorInvalidRecipients, message)
            }
            MailError::InvalidTimeSettings(why) => ApiError::new(ErrorCode::ErrorInvalidTimeSettings, why),
            MailError::NoPerson => ApiError::bad_request("/me request is only valid with delegated authentication flow."),
            MailError::NoRecipients => ApiError::new(
                ErrorCode::ErrorInvalidRecipients,
                "At least one recipient is not valid., A message can't be sent because it contains no recipients.",
            ),
            MailError::NotAdmitted(_) => told(
                ErrorCode::InvalidAuthenticationToken,
                "Access token validation failure. The app or the person it was issued to may not come in.",
            ),
            MailError::NotDraft => told(ErrorCode::ErrorInvalidOperation, "Message is not draft."),
            MailError::NotFound(Kind::User) => told(ErrorCode::ErrorInvalidUser, "The requested user is invalid."),
            MailError::NotFound(Kind::Subscription) => told(ErrorCode::ResourceNotFound, "The object was not found."),
            MailError::NotFound(
                Kind::Attachment
                | Kind::Category
                | Kind::Certificate
                | Kind::Extension
                | Kind::Folder
                | Kind::Key
                | Kind::Message
                | Kind::Override
                | Kind::Rule
                | Kind::Upload,
            ) => told(ErrorCode::ErrorItemNotFound, "The specified object was not found in the store."),
            MailError::PropertyTooLarge { .. } => {
                told(ErrorCode::ErrorInvalidExtendedPropertyValue, "The value of the extended property is too large.")
            }
            MailError::QuotaExceeded(_) => told(ErrorCode::ErrorQuotaExceeded, "The mailbox quota has been exceeded."),
            MailError::RangeMismatch { expected, .. } => {
                told(ErrorCode::InvalidRange, &format!("The next octet that is expected is number {expected}."))
            }
            MailError::PreconditionFailed => told(ErrorCode::PreconditionFailed, CHANGED),
            MailError::SendAsDenied(_) => told(ErrorCode::ErrorSendAsDenied, SEND_AS_DENIED),
            MailError::Smime(refusal) => ApiError { reason, ..refusal.into() },
            MailError::SearchFolder => {
                told(ErrorCode::ErrorInvalidOperation, "A search folder shows messages of other folders, and can't be used so.")
            }
            MailError::Item(refusal) => refusal.into(),
            MailError::Subscription(refusal) => refusal.into(),
            MailError::SyncStateNotFound => {
                told(ErrorCode::SyncStateNotFound, "The sync state generation is not found. Synchronize anew, without a token.")
            }
            MailError::TooLarge { limit } => ApiError::too_large(limit),
            MailError::Store(error) => error.into(),
        }
    }
}

impl From<SmimeRefusal> for ApiError {
    fn from(refusal: SmimeRefusal) -> ApiError {
        let cause = format!("{refusal}.");
        let (code, message) = match refusal {
            SmimeRefusal::NoCertificate(_) => {
                (ErrorCode::SmimeCertificateNotFound, "The message can't be encrypted for everybody whom it goes to.")
            }
            SmimeRefusal::NoDirectory => (ErrorCode::ServiceNotAvailable, "The message can't be encrypted now."),
            SmimeRefusal::NoKey(_) => (ErrorCode::SmimeKeyNotFound, "The message can't be signed."),
            SmimeRefusal::NoMasterKey => (ErrorCode::SmimeNotConfigured, "Private keys can't be kept here."),
            SmimeRefusal::ForSomebodyElse(_) | SmimeRefusal::Unusable(_) => {
                (ErrorCode::SmimeInvalid, "The key or certificate can't be used.")
            }
            SmimeRefusal::Failed(_) => (ErrorCode::SmimeInvalid, "The message can't be processed by S/MIME."),
        };
        ApiError::new(code, message).because(cause)
    }
}

impl From<ItemRefusal> for ApiError {
    fn from(refusal: ItemRefusal) -> ApiError {
        let (code, message) = match refusal {
            ItemRefusal::Damaged => (ErrorCode::ErrorCorruptData, "The data of the item is corrupt."),
            ItemRefusal::NoItem => {
                (ErrorCode::ErrorCorruptData, "The data is no item that was exported here, or one of another version.")
            }
            ItemRefusal::Over => (ErrorCode::InvalidAuthenticationToken, "The import session is over."),
        };
        ApiError::new(code, message).because(refusal)
    }
}

/// Seconds after which a stream may have ended that others wait for.
const LISTEN_AGAIN: i64 = 10;

impl From<SubscriptionRefusal> for ApiError {
    fn from(refusal: SubscriptionRefusal) -> ApiError {
        match refusal {
            SubscriptionRefusal::Ended => {
                ApiError::new(ErrorCode::ExtensionError, "Subscription expiration must be in the future.").because(refusal)
            }
            SubscriptionRefusal::TooLong { minutes } => {
                let message = format!("Subscription expiration can only be {minutes} minutes in the future.");
                ApiError::new(ErrorCode::ExtensionError, message)
            }
            SubscriptionRefusal::TooMany { most } => {
                let message = format!("The mailbox has {most} active subscriptions, which is the most that it may have.");
                ApiError::new(ErrorCode::SubscriptionLimit, message)
            }
            SubscriptionRefusal::TooManyListen { .. } => {
                let message = "Too many streams of this mailbox's changes are open.";
                ApiError::new(ErrorCode::ApplicationThrottled, message).because(refusal).retry_after(LISTEN_AGAIN)
            }
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> ApiError {
        match error {
            StoreError::Stopped => {
                ApiError::new(ErrorCode::ServiceNotAvailable, "The service is stopping. Try again.").because(error)
            }
            StoreError::Unavailable(_) => {
                let message = "The service is temporarily unavailable. Try again.";
                ApiError::new(ErrorCode::ServiceNotAvailable, message).because(error).retry_after(store::RETRY)
            }
            StoreError::TooMuchWork => {
                let message = "The restriction or sort order is too complex for this operation.";
                ApiError::new(ErrorCode::InefficientFilter, message).because(error)
            }
            StoreError::Corrupt(_)
            | StoreError::Conflict
            | StoreError::Database(_)
            | StoreError::InUse
            | StoreError::Io(_)
            | StoreError::Missing
            | StoreError::Moved(_)
            | StoreError::NotFound
            | StoreError::Postgres(_)
            | StoreError::Setting(_) => ApiError::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_out_of_reach_is_503_and_says_when_to_come_again() {
        let error = ApiError::from(MailError::Store(StoreError::Unavailable("db.example: connection refused".to_owned())));
        assert_eq!((error.code.name(), error.code.status().as_u16()), ("ServiceNotAvailable", 503));
        assert_eq!(error.retry_after, Some(store::RETRY));
        assert!(!error.message.contains("db.example"), "{}", error.message);
        assert!(error.cause.is_some_and(|cause| cause.contains("db.example")), "the log is told where");
    }
}

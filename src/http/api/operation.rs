//! Operations that answer with a resource of their own: which there are, and how one is called, by its address or in a batch.
//!
//! Those that look at many resources (`$everything`, `$lastn`) are looks, and `$export` is a job: they stand elsewhere.

use axum::extract::Path;
use axum::http::{HeaderMap, Uri};
use bytes::Bytes;
use serde_json::Value;

use super::super::respond::{Refusal, Refused};
use super::super::session::Visit;
use super::look::{Manner, id_of, no_operation, no_operation_of_a_version, type_of};
use super::operations::{self, fhir};
use super::parameters::Asked;
use super::{Answer, refusal, request, summary, terms};
use crate::base::FhirId;
use crate::fhir::ResourceType;
use crate::fhir::search::pairs;
use crate::record::{Condition, through};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Validate,
    Meta,
    MetaAdd,
    MetaDelete,
    Summary,
    Expand,
    ValidateCode,
}

impl Operation {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "$validate" => Self::Validate,
            "$meta" => Self::Meta,
            "$meta-add" => Self::MetaAdd,
            "$meta-delete" => Self::MetaDelete,
            "$summary" => Self::Summary,
            "$expand" => Self::Expand,
            "$validate-code" => Self::ValidateCode,
            _ => return None,
        })
    }

    /// Whether it changes what is stored: then a GET cannot ask for it.
    pub(super) const fn changes(self) -> bool {
        matches!(self, Self::MetaAdd | Self::MetaDelete)
    }
}

/// One call of an operation.
pub(super) struct Call {
    pub(super) operation: Operation,
    kind: ResourceType,
    id: Option<FhirId>,
    asked: Vec<(String, String)>,
}

impl Call {
    /// What an address below the base calls; `None` where that is none of these. `path` is with or without a slash before it.
    pub(super) fn at(path: &str, query: &str) -> Option<Result<Self, Refusal>> {
        let (place, name) = path.trim_start_matches('/').rsplit_once('/')?;
        let operation = Operation::named(name)?;
        let read = || {
            let (kind, id) = match place.split('/').collect::<Vec<_>>().as_slice() {
                [_, _, "_history", _] => return Err(no_operation_of_a_version()),
                [kind, id] => (type_of(kind)?, Some(id_of(id)?)),
                [kind] => (type_of(kind)?, None),
                _ => return Err(no_operation()),
            };
            let asked = pairs(query).map_err(|error| refusal::of_query(&error))?;
            Ok(Self { operation, kind, id, asked })
        };
        Some(read())
    }

    /// The resource that answers it. `sent` came with the call; `condition` holds for what it changes.
    pub(super) async fn run(
        self,
        visit: &Visit,
        sent: Option<Value>,
        condition: Result<Condition, Refusal>,
        manner: &Manner,
    ) -> Result<Value, Refusal> {
        let Self { operation, kind, id, asked } = self;
        if operation == Operation::Validate {
            return operations::validated(visit, kind, id, asked, sent).await;
        }
        let asked = Asked::of(asked, sent)?;
        match (operation, kind, id) {
            (Operation::Meta, _, Some(id)) => operations::meta(visit, kind, &id, asked).await,
            (Operation::MetaAdd, _, Some(id)) => {
                operations::change_meta(visit, kind, id, asked, condition?, operations::add).await
            }
            (Operation::MetaDelete, _, Some(id)) => {
                operations::change_meta(visit, kind, id, asked, condition?, operations::delete).await
            }
            (Operation::Summary, ResourceType::Patient, Some(id)) => summary::of_patient(visit, &id, asked).await,
            (Operation::Summary, ResourceType::Patient, None) => summary::of_identified(visit, asked, manner).await,
            (Operation::Expand, ResourceType::ValueSet, id) => terms::expand(visit, id, asked, manner).await,
            (Operation::ValidateCode, ResourceType::ValueSet, id) => {
                terms::validate_code(visit, id, asked, manner).await
            }
            (Operation::ValidateCode, ResourceType::CodeSystem, None) => terms::validate_code_of_system(asked),
            (Operation::Meta | Operation::MetaAdd | Operation::MetaDelete, _, None) => {
                let text = "This operation is asked of one resource, as in Patient/1/$meta.";
                Err(Refusal::saying(Refused::NotFound, text))
            }
            _ => Err(no_operation()),
        }
    }
}

/// `GET` and `POST /fhir/{kind}/${operation}`.
pub async fn of_type(visit: Visit, Path(_): Path<String>, uri: Uri, headers: HeaderMap, body: Bytes) -> Answer {
    called(&visit, &uri, &headers, &body).await
}

/// `GET` and `POST /fhir/{kind}/{id}/${operation}`.
pub async fn of_instance(
    visit: Visit,
    Path(_): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    called(&visit, &uri, &headers, &body).await
}

async fn called(visit: &Visit, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Answer {
    let path = uri.path().strip_prefix("/fhir").unwrap_or_default();
    let call = Call::at(path, uri.query().unwrap_or_default()).ok_or_else(no_operation)??;
    let sent =
        if body.is_empty() { None } else { Some(through(body.len(), || request::to_store(visit, headers, body))?) };
    let manner = Manner::of(visit, headers);
    Ok(fhir(&call.run(visit, sent, request::condition(headers), &manner).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_calls_what_it_names_of_a_type_or_of_one_resource() {
        let of = |path: &str| {
            let call = Call::at(path, "a=1").map(|call| call.map_err(|_| "refused"));
            call.map(|call| call.map(|call| (call.operation, call.kind.name(), call.id.map(|id| id.to_string()))))
        };
        assert_eq!(of("/Patient/1/$summary"), Some(Ok((Operation::Summary, "Patient", Some("1".to_owned())))));
        assert_eq!(of("ValueSet/$expand"), Some(Ok((Operation::Expand, "ValueSet", None))));
        assert_eq!(of("Nothing/$expand"), Some(Err("refused")));
        assert_eq!(of("Patient/a/b/$meta"), Some(Err("refused")));
        let said = |path: &str| {
            let refusal = Call::at(path, "").and_then(Result::err)?;
            Some((refusal.status().as_u16(), refusal.sentence().to_owned()))
        };
        let of_a_version = Some((404, no_operation_of_a_version().sentence().to_owned()));
        for path in ["/Patient/1/_history/1/$meta", "Patient/1/_history/2/$meta-add"] {
            assert_eq!(said(path), of_a_version, "{path}");
        }
        assert_eq!(said("Patient/1/2/3/4/$meta"), Some((404, no_operation().sentence().to_owned())));
        for path in ["Patient/1/$everything", "Observation/$lastn", "$meta", "Patient/1", "Patient/1/$Meta"] {
            assert!(of(path).is_none(), "{path}");
        }
    }
}

//! Several requests in one (Graph: json-batching). Each member takes the road of a request of its own, from its path to
//! its answer, so that nothing is true in a batch that isn't true outside it.

mod answers;
mod member;
mod order;
mod text;

use self::answers::Answers;
use self::member::Member;
use crate::body::{self, Given};
use crate::error::{ApiError, ErrorCode};
use crate::page::json_answer;
use crate::request::Asked;
use crate::routes;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::json;

/// Members that run at a time (Graph: throttling-limits).
const TOGETHER: usize = 4;
/// Most octets of messages that a batch may carry: it is held whole, and each member's body once more.
const MOST_OCTETS: u64 = 32 * 1024 * 1024;

/// `POST /$batch`: 200, whatever becomes of the members; an error only where there is no telling what they are.
pub(crate) async fn post_batch(asked: &Asked<'_>, body: &mut Body) -> Result<Response, ApiError> {
    asked.only_options(&[])?;
    let limit = asked.graph.max_message_octets.min(MOST_OCTETS);
    let (Given::Json(value), _) = body::read(asked, body, limit).await? else {
        return Err(ApiError::new(ErrorCode::UnsupportedMediaType, "A batch is given as JSON."));
    };
    let members = member::read_all(value)?;
    let order = order::of(&members)?;
    let answers = Answers::of(members.iter().map(|member| member.id.clone()).collect());
    let answers = run(asked, members, &order, answers).await?;
    Ok(json_answer(StatusCode::OK, &json!({"responses": answers.into_responses()})))
}

/// Runs each member after those that it depends on, [`TOGETHER`] at a time.
async fn run(asked: &Asked<'_>, members: Vec<Member>, order: &[Vec<usize>], mut answers: Answers) -> Result<Answers, ApiError> {
    let mut waiting: Vec<Option<Member>> = members.into_iter().map(Some).collect();
    let mut running = FuturesUnordered::new();
    loop {
        while let Some(next) = (0..waiting.len()).find(|&n| waiting[n].is_some() && answers.have_failed(&order[n])) {
            waiting[next] = None;
            let error = ApiError::new(ErrorCode::FailedDependency, "A request that this one depends on failed.");
            answers.take(next, true, refused(asked, &error)).await?;
        }
        while running.len() < TOGETHER
            && let Some(next) = (0..waiting.len()).find(|&n| waiting[n].is_some() && answers.have(&order[n]))
            && let Some(member) = waiting[next].take()
        {
            running.push(async move { (next, member.is_safe(), answer(asked, member).await) });
        }
        let Some((number, is_safe, response)) = running.next().await else { return Ok(answers) };
        if let Err(error) = answers.take(number, is_safe, response).await {
            answers.take(number, true, refused(asked, &error)).await?;
        }
    }
}

/// One member's answer, an error's too.
async fn answer(asked: &Asked<'_>, member: Member) -> Response {
    let request = member
        .into_request(asked.version, &asked.origin, &asked.headers)
        .and_then(|request| routes::may_be_within(request.uri().path()).map(|()| request));
    match request {
        Ok(request) => routes::answer_within(asked.graph, request).await,
        Err(error) => refused(asked, &error),
    }
}

fn refused(asked: &Asked<'_>, error: &ApiError) -> Response {
    routes::refuse(asked.graph, &asked.headers, error)
}

//! What follows when a time may have become free.

use super::House;
use crate::care::schedule;

/// Whoever waits for a time is offered what is free now. That it cannot be done at once is no fault of what freed the
/// time: the box looks again every minute.
pub(super) async fn freed(house: &House) {
    if let Err(error) = schedule::round(&house.records, &house.front.face.zone).await {
        tracing::error!(target: "jobs", job = "waiting list", %error, "times that are free could not be offered");
    }
}

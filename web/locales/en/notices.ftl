### Notices. They say that something waits, by kind alone, and never what it is: they also leave the box by e-mail.

notices = Notices
notices-lead = What is new for you. What it is, you see when you open it.
notices-unread =
    { $n ->
        [one] 1 unread
       *[other] { $n } unread
    }
notices-none = There are no notices
notices-none-more = When something waits for you, it stands here.
notices-read-all = Mark all as read
notice-unread = Unread

## To patients

notice-kind-visit-booked = A visit was booked for you.
notice-kind-visit-changed = One of your visits was changed.
notice-kind-visit-cancelled = One of your visits was cancelled.
notice-kind-visit-not-offered = The clinic could not offer a time that you asked for.
notice-kind-visit-reminder = You have a visit soon.
notice-kind-visit-offered = The clinic offers you a time for a visit.
notice-kind-waitlist-offer = An earlier time for a visit has become free.
notice-kind-message-new = You have a new message from the clinic.
notice-kind-result-released = A new result is in your record.
notice-kind-result-taken-back = A result or a measurement was taken back: it was a mistake.
notice-kind-refill-answered = Your request for a refill was answered.
notice-kind-request-answered = A request of yours was answered.
notice-kind-emergency-access = Your record was opened in an emergency.
notice-kind-share-opened = A summary that you shared was opened.
notice-kind-share-ended = A summary that you shared is closed now, after too many wrong PINs.
notice-kind-record-corrected = Something in your record was corrected.
notice-kind-document-new = A new document is in your record.
notice-kind-proxy-changed = Who may act for you was changed.
notice-kind-medicine-changed = Your list of medicines was changed.
notice-kind-access-answered = Your question about who looked was answered.

## To the clinic

notice-kind-patient-wrote = A patient wrote a message.
notice-kind-booking-asked = A patient asked for a visit.
notice-kind-refill-asked = A patient asked for a refill.
notice-kind-form-returned = A patient returned a form.
notice-kind-patient-uploaded = A patient added a document.
notice-kind-result-to-sign = A result waits to be signed.
notice-kind-emergency-to-review = A record was opened in an emergency.
notice-kind-access-questioned = A patient questions an access to their record.
notice-kind-request-made = A patient made a request.
notice-kind-visit-called-off = A patient called a visit off.
notice-kind-medicine-not-taken = A patient does not take a medicine.

## The same, to who acts for the patient

notice-kind-visit-booked-other = A visit was booked.
notice-kind-visit-changed-other = A visit was changed.
notice-kind-visit-cancelled-other = A visit was cancelled.
notice-kind-visit-not-offered-other = The clinic could not offer a time that was asked for.
notice-kind-visit-reminder-other = There is a visit soon.
notice-kind-visit-offered-other = The clinic offers a time for a visit.
notice-kind-message-new-other = There is a new message from the clinic.
notice-kind-result-released-other = A new result is in the record.
notice-kind-result-taken-back-other = A result or a measurement was taken back: it was a mistake.
notice-kind-refill-answered-other = The request for a refill was answered.
notice-kind-request-answered-other = A request was answered.
notice-kind-emergency-access-other = The record was opened in an emergency.
notice-kind-record-corrected-other = Something in the record was corrected.
notice-kind-document-new-other = A new document is in the record.
notice-kind-medicine-changed-other = The list of medicines was changed.

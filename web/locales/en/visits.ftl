## Booking a visit

book-title = Book a visit
book-button = Book a visit
book-not-urgent = Not for emergencies: call the emergency number at once if somebody is in danger.
book-none = No visit can be booked here yet
book-call = Please call us: { $phone }
book-call-button = Call us
book-late-call = If you cannot come after all, call us: { $phone }
book-unseen = Nothing was booked, and nothing can be booked here now
book-unseen-more = Nobody at the clinic would know of it, so nobody would expect you.
book-how-instant = Choose a time.
book-how-request = Tell us when you can; we offer a time.
book-how-view-only = We book it with you.
book-anyone = Anyone
book-whom = With whom
book-times-title = { $kind }: choose a time
book-day-times =
    { $n ->
        [one] one free time
       *[other] { $n } free times
    }
book-full = Nothing is free in these days
book-full-more = Look at later days, or choose somebody else.
book-earlier = Earlier days
book-later = Later days
book-check = Is this right?
book-with = { $kind } with { $with }
book-late =
    { $n ->
        [one] This time is within 1 hour, so it cannot be changed or cancelled here once it is booked.
       *[other] This time is within { $n } hours, so it cannot be changed or cancelled here once it is booked.
    }
book-now = Book it
book-move = Move it to this time
book-instead = The visit is now on { $when }.
book-leave = Leave it there
book-other-time = Another time
book-other-kind = Another kind of visit
book-reason = What is it about?
book-reason-hint = The doctor or nurse sees this; the reception does not.
book-request-title = { $kind }: ask for a time
book-request-lead =
    { $n ->
        [one] It takes 1 minute. Tell us when you can come; the reception answers with a time.
       *[other] It takes { $n } minutes. Tell us when you can come; the reception answers with a time.
    }
book-from = From
book-until = Until
book-half = Time of day
half-any = Any time
half-morning = In the morning
half-afternoon = In the afternoon
book-ask = Ask for a time
book-from-wrong = Choose a day from today to { $last }.
book-until-wrong = Choose a day that is not before the first.
book-until-late = This is too far from the first day: { $last } at the latest.
book-taken = Somebody else has just taken this time. Nothing was booked. These are free:
book-twice = There is another visit at that time. Nothing was booked. These are free:
book-past = That time is over. Nothing was booked. These are free:
move-taken = Somebody else has just taken this time. Your visit stays as it was. These times are free:
move-twice = There is another visit at that time. Your visit stays as it was. These times are free:
move-past = That time is over. Your visit stays as it was. These times are free:
book-done = It is booked.
book-moved = It is moved. This is its time now.
book-already = You have booked this already. Nothing was booked a second time.
book-asked-done = The reception has your request and answers with a time.
book-cancelled-done = It is cancelled.
book-offer-ended = This offer is over: it was not answered in time. The reception looks for another time.
minutes-long =
    { $n ->
        [one] 1 minute
       *[other] { $n } minutes
    }
visit-asked = A time was requested. The reception answers.
visit-unseen = Nobody at the clinic sees this visit now, so nobody there expects you: call them.
    .number = Nobody at the clinic sees this visit now, so nobody there expects you. Call them: { $phone }
visit-unseen-wish = Nobody at the clinic sees this now, so nobody there answers or offers a time: call them.
    .number = Nobody at the clinic sees this now, so nobody there answers or offers a time. Call them: { $phone }
visit-unseen-offer = Nobody at the clinic sees this offer now, so it cannot be taken here. It is held until { $when }: call them before.
    .number = Nobody at the clinic sees this offer now, so it cannot be taken here. It is held until { $when }. Call them before: { $phone }
visit-shut-to = { $name } sees neither this visit now nor what is written for it, unless it is an emergency: so says a consent. Others at the clinic do.
visit-offer-over = This offer is over
visit-offer-over-more = It was not answered in time, and this time is not held for you any more.
visit-not-offered = The clinic could not offer a time
visit-not-offered-more = Ask again with other days, or choose another kind of visit.
visit-ask-again = Ask again
visit-book-again = Book another time
book-declined-done = The reception knows that this time does not suit you, and looks for another.
visit-no-need = I no longer need it
visit-offered = The clinic offers this time
visit-was-offered = A time was offered
visit-in-error = It was written down by mistake: there is no such visit
visit-booked = Booked
visit-wanted = Days that are possible: { $days }
visit-wanted-days = { $from } to { $to }
visit-accept = Yes, take this time
visit-decline = No, not this time
visit-calendar = Put it into my calendar
visit-move = Choose another time
visit-cancel-sure = The time is then free for others.
visit-cancel-sure-open = The clinic then looks for no time for you any more.
visit-cancel-yes = Yes, I am sure
visit-cancel = Cancel this visit
visit-until = You can change it here until { $when }.
visit-offered-to-several = This time is offered to several people together, so it cannot be taken or declined here.
visit-for-several = This visit is for several people, so it cannot be changed or cancelled here.
visit-too-late = It is too late to change it here.
visit-all = All my visits
visit-open-it = Change or cancel
visit-details = Details
visit-see-it = Look at it
visits-none-coming = No visit is coming up
visits-past-shut = Past visits, and what a visit to come is about, are not open to you.
order-not = Not to be done: { $name }
order-proposed = Proposed, not ordered: { $name }
visit-planned = Planned
visit-planned-once = Planned; not known whether it took place
visit-unknown = Not known whether it took place
visits-planned = Planned visits
visits-ordered = Ordered for you
visits-ordered-other = Ordered
visit-ordered = Ordered:
visits-asked = A time was requested
visits-missed =
    { $n ->
        [one] One missed visit
       *[other] { $n } missed visits
    }
visits-cancelled =
    { $n ->
        [one] One cancelled visit
       *[other] { $n } cancelled visits
    }
ics-summary = Visit at { $clinic }

## The reception's day

grid-title = Everybody’s hours
grid-scroll = Everybody’s hours, scrolls sideways
grid-empty = Nobody works on this day
grid-empty-more = Working hours stand under Settings.
grid-off = No hours
grid-past = Past
grid-unknown = Not known
grid-others = With nobody of this clinic
grid-free = Free
grid-free-book = , book
board-title = Who is where
board-waiting = Waiting
board-in-room = In the room
board-expected = Expected next
board-missed = Late, or did not come
board-nobody = Nobody
board-minutes =
    { $n ->
        [one] Waits 1 minute
       *[other] Waits { $n } minutes
    }
booking-title = Appointment
booking-new = New appointment
booking-whom = For whom
booking-book = Book
booking-other-patient = Somebody else
booking-patient = The patient’s details
booking-day = Back to the day
booking-other-time = Another time
booking-move = Move it there
booking-over = Book it over the other one, because
booking-closed = Book it outside hours, because
booking-over-hint = The reason stands beside the appointment for the clinic, and in the access log. The patient does not see it.
booking-closed-because = Outside hours: { $reason }
booking-over-because = Over another appointment: { $reason }
booking-do-expected = Not here yet
booking-do-arrived = Arrived
booking-do-in-room = In the room
booking-do-done = Done
booking-do-noshow = Did not come
booking-do-cancel = Cancel
desk-taken = This time is taken. Say why it may lie over another, or choose another time. Nothing was booked.
desk-twice = The patient has another appointment at this time. Nothing was booked.
desk-already = The patient has this very appointment already. Nothing was booked a second time.
desk-closed = Nobody works at this time. Say why it may be booked all the same, or choose another time. Nothing was booked.
desk-past = This time is over. Nothing was booked.
requests-title = Booking requests
requests-none = Nobody waits for a time
requests-none-more = Patients who ask for a time appear here.
request-line = { $kind }, { $days }. Asked { $asked }
request-answer = Answer
request-time = Time
request-fits = { $time } (fits)
request-how = Book it if it fits what they asked for. Offer it if not: the time is held until they answer.
request-any-time-hint = A day here goes before the list.
request-book = Book it
request-offer = Offer it
request-decline = Decline
request-no-time-title = No time for it
request-line-to = A line to the patient
request-line-to-hint = They read that the clinic could not offer a time, and this line.
request-declined = Said no to { $times }
request-later = Answer later
request-no-time = No time is free in the two weeks from the first day that they asked for.

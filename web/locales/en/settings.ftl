## The clinic's settings

settings-title = The clinic’s settings
settings-lead = Patients see these names and times when they book or write.
settings-saved = Saved. It counts from now on.
settings-change = Change
settings-save = Save
settings-leave = Leave without saving
settings-spanish = In Spanish
settings-to-patients = To patients
settings-offered = Offered
settings-not-offered = Not offered
settings-offered-now = Offered to patients now
settings-hours = Opening and working hours
settings-open = The clinic
settings-role-nth = { $name }, role { $n }
settings-rules = Rules for booking
settings-notice = Patients can change a visit until
settings-notice-hint = Hours before it. Later they call.
settings-horizon = Patients see free times
settings-horizon-hint = Days ahead.
settings-hold = An offered time is held
settings-hold-hint = Hours. After that it goes to the next person.
settings-reminder = Remind of a visit
settings-reminder-hint = Hours before it: 24 is the day before. 0 reminds of none.
settings-reminder-none = Patients are not reminded
settings-phone = Telephone for patients
settings-missing = { $field } is missing.
settings-long = This is longer than 60 characters.
settings-number = Write a whole number from { $least } to { $most }.
settings-time = Write two times such as 08:40 and 12:00, the earlier one first.
settings-day = Choose a day; the last one is not before the first.
settings-choice = Choose one of these.
visit-types = Kinds of visit
visit-types-none = No kind of visit yet
visit-types-none-more = Patients can book as soon as there is one that is offered.
visit-type-new = Add a kind of visit
visit-type-change = Change a kind of visit
visit-type-name = Kind of visit
visit-type-minutes = Minutes
visit-type-booking = How patients book it
visit-type-booking-hint = At once: they take a free time. By request: you offer one.
booking-instant = At once
booking-request = By request
booking-view-only = Only the clinic books it
minutes-short = { $n } min
hours-long =
    { $n ->
        [one] 1 hour
       *[other] { $n } hours
    }
hours-before =
    { $n ->
        [one] 1 hour before it
       *[other] { $n } hours before it
    }
days-ahead =
    { $n ->
        [one] 1 day ahead
       *[other] { $n } days ahead
    }
hours-title = Hours: { $name }
hours-hint = Up to two stretches a day, with the break between them. Leave empty what there is not.
hours-none = No hours are given, so no time is free.
hours-from = { $day }, stretch { $n }, from
hours-to = { $day }, stretch { $n }, to
hours-to-word = to
away-title = Days off
away-line = { $why }: { $days }
away-why = What for
away-why-hint = Patients do not see it.
away-first = First day
away-last = Last day
away-add = Add these days off
away-remove = Remove
topics = Topics of messages
topics-none = No topic yet
topics-none-more = Patients can write as soon as there is one that is offered.
topic-new = Add a topic
topic-change = Change a topic
topic-name = Topic
topic-name-hint = In the patient’s words, such as “A question about a result”.
topic-pool = Who answers
topic-days = Answer within, working days
topic-within = Answered within
working-days =
    { $n ->
        [one] 1 working day
       *[other] { $n } working days
    }
pool-reception = The reception
pool-nurses = The nurses
pool-doctors = The doctors

### Medicines as patients read them, doses in words, and whether a paper still counts.

medicine-said-not-taken = not taken, says the patient
medicine-said-not-taken-for = not taken, says who acts for the patient
medicine-not-taking = Not taking it
medicine-unknown = State unknown
medicine-may-be-taken = it is not known whether it is taken
medicines-not-to-give = Not to be given
medicine-not-to-give = Not to be given
medicine-planned = Planned, not prescribed
not-to-give-of = this is said of: { $how }
not-to-give-why = because of: { $reason }
medicine-of-ended-on = Its prescription was ended on { $date }
medicine-of-ended = Its prescription was ended
medicine-over = Its time is over
medicine-time-over = Its time was over on { $date }
medicine-not-begun = Not begun yet
medicine-not-begun-on = Not begun yet: from { $date }
medicine-reported-not-taken = Reported as not taken
medicine-reported-not-taken-why = Reported as not taken: { $reason }
medicine-reported-not-taken-by = Reported as not taken by { $by }
medicine-reported-not-taken-by-why = Reported as not taken by { $by }: { $reason }
medicine-prescribed-other = Its prescription is of { $name }
medicine-prescribed-otherwise = Its prescription says otherwise
reported-end = Is { $name } not taken any more?
reported-ended = Not among what is taken: { $name }
reported-end-hint = For example: stopped by the hospital.
reported-end-save = It is not taken any more
reported-over = It is not among the medicines that are taken any more, or the patient says themselves whether they take it.
medicine-not-named = Not named medicine ({ $place })
not-named = Not named
result-recording =
    { $n ->
        [one] A recording of 1 value
       *[other] A recording of { $n } values
    }
ratio-in = { $upper } in { $lower }
result-no-value = No value
result-absent = No value: { $reason }
result-panel = A group of results
result-not-shown = There is something here that this page cannot show
result-modified = Something here changes what this means, and this page cannot show it
result-said-normal = Marked as normal by who made the test
result-in-doubt = It is not known whether this value is valid
result-of-another = Not about the patient themselves
result-about-whom = About: { $whom }
result-site = Where: { $what }
result-method = Method: { $what }
result-specimen = Sample: { $what }
result-device = Device: { $what }
value-unit-missing = { $value } (unit not recorded)
value-without-unit = { $value } (no unit)
ratio-upper = { $value }, without what it is compared with
ratio-lower = Compared with { $value }, without a value
interpretation-susceptible = susceptible
interpretation-intermediate = intermediate
interpretation-resistant = resistant
interpretation-negative = negative
interpretation-not-detected = not detected
interpretation-indeterminate = indeterminate
interpretation-reactive = reactive
interpretation-not-reactive = not reactive

## Doses

unit-tablet =
    { $n ->
        [one] { $count } tablet
       *[other] { $count } tablets
    }
unit-capsule =
    { $n ->
        [one] { $count } capsule
       *[other] { $count } capsules
    }
unit-puff =
    { $n ->
        [one] { $count } puff
       *[other] { $count } puffs
    }
unit-dose =
    { $n ->
        [one] { $count } dose
       *[other] { $count } doses
    }
unit-application =
    { $n ->
        [one] { $count } application
       *[other] { $count } applications
    }
unit-drop =
    { $n ->
        [one] { $count } drop
       *[other] { $count } drops
    }
dose-single = once only
dose-for-days =
    { $n ->
        [one] for 1 day
       *[other] for { $n } days
    }
dose-when-needed-for = when needed: { $reason }
dose-range = { $low } to { $most }
dose-most-day = no more than { $most } a day
dose-most = no more than { $most } in { $period }
dose-at-least = at least { $amount }
dose-up-to = up to { $amount }
dose-below = less than { $amount }
dose-above = more than { $amount }
dose-in = { $amount } in { $period }
dose-rate = at a rate of { $rate }
dose-kind = { $kind }: { $dose }
dose-most-once = no more than { $most } at a time
dose-most-ever = no more than { $most } in a whole life
dose-site = on or in the body at: { $site }
dose-method = in this way: { $method }
dose-count =
    { $n ->
        [one] once in all
       *[other] { $n } times in all
    }
dose-times-only =
    { $n ->
        [one] once, and in how long is not recorded
       *[other] { $n } times, and in how long is not recorded
    }
dose-lasting = over { $length } each time
dose-for = for { $length }
dose-on = on { $date }
dose-from = from { $date }
dose-until = until { $date }
dose-then = then { $next }
dose-each-time = { $text } ({ $parts } each time)
dose-recorded-as = { $text } (recorded as: { $parts })
dose-not-all = This is not all: more is recorded of how to take it than can be said here
dose-every-other =
    { $times ->
        [one] once every { $length }
       *[other] { $times } times every { $length }
    }
length-seconds =
    { $n ->
        [one] { $n } second
       *[other] { $n } seconds
    }
length-minutes =
    { $n ->
        [one] { $n } minute
       *[other] { $n } minutes
    }
length-hours =
    { $n ->
        [one] { $n } hour
       *[other] { $n } hours
    }
length-days =
    { $n ->
        [one] { $n } day
       *[other] { $n } days
    }
length-weeks =
    { $n ->
        [one] { $n } week
       *[other] { $n } weeks
    }
length-months =
    { $n ->
        [one] { $n } month
       *[other] { $n } months
    }
length-years =
    { $n ->
        [one] { $n } year
       *[other] { $n } years
    }
when-morning = in the morning
when-noon = at noon
when-evening = in the evening
when-night = at night
when-before-meals = before meals
when-before-breakfast = before breakfast
when-after-breakfast = after breakfast
when-with-food = with food
when-after-meals = after meals
when-morning-early = early in the morning
when-morning-late = late in the morning
when-afternoon = in the afternoon
when-afternoon-early = early in the afternoon
when-afternoon-late = late in the afternoon
when-evening-early = early in the evening
when-evening-late = late in the evening
when-asleep = after falling asleep
when-at-once = at once
when-before-sleep = before going to sleep
when-after-waking = after waking up
when-with-breakfast = with breakfast
when-with-lunch = with lunch
when-with-dinner = with dinner
when-before-lunch = before lunch
when-before-dinner = before dinner
when-after-lunch = after lunch
when-after-dinner = after dinner
when-offset = { $when } ({ $length } away from that)

## Ways into the body

route-mouth = by mouth
route-skin = on the skin
route-inhaled = inhaled
route-under-skin = under the skin
route-muscle = into a muscle
route-vein = into a vein
route-nose = in the nose
route-eye = in the eye
route-ear = in the ear
route-rectum = in the rectum
route-vagina = in the vagina
route-tongue = under the tongue

## The list

my-medicine-more = Refill, or not taking it
my-medicine-more-other = Refill, or not taken
my-medicine-taking = Say that you do not take it
my-medicine-taking-other = Say that it is not taken
my-medicine-paused-why = Why it is paused: { $reason }
my-medicine-prescribed = prescribed on { $date }
my-medicine-ended-on = prescribed on { $date }, ended on { $end }
my-medicine-end-unknown = prescribed on { $date }; when it ended is not recorded
my-medicine-ended = Why it ended: { $reason }
my-medicines-all = All medicines
refill-waits = A refill was requested ({ $date }). The clinic has not answered yet.
refill-waits-unseen = A refill was requested ({ $date }). Nobody at the clinic sees that: call them.
refill-question = The clinic asks before it can renew this: { $question }
refill-refused = The last request was refused: { $reason }
refill-title = Ask for a refill
refill-note = Something that we should know
refill-answer = Your answer
refill-note-hint = For example, how many are left, or which pharmacy.
refill-ask = Ask for a refill
refill-asked-done = You have asked. You hear from us when it is answered.
refill-asked-before = A refill of this medicine was asked for before, and is not answered yet. Nothing was sent again.
refill-sealed = Nobody at the clinic sees this medicine now: it is sealed or refused to them. What is asked or said of it here does not reach them until they are let see it.
refill-sealed-done = It is kept in the record. Nobody at the clinic sees it: tell them yourself, by telephone for example.
refill-not-active = This medicine is not prescribed any more, so nothing was asked. Write us a message, or call.
taking-not-active = This medicine is not prescribed any more, so nothing was noted. If you have something to say of it, write us a message, or call.
refill-typed = What you had typed
taking-title = Do you take it?
taking-title-other = Is it taken?
not-taking-lead = If you do not take this medicine, tell us. It stays prescribed; your clinic sees what you say and talks with you.
not-taking-lead-other = If this medicine is not taken, tell us. It stays prescribed; the clinic sees what you say and talks with you.
not-taking-lead-unseen = That this medicine is not taken can be noted here. Nobody at the clinic sees that.
not-taking-noted = Noted: it is not taken. Nobody at the clinic sees that.
not-taking-why = Why, if you want to say
not-taking = I do not take it
not-taking-said = You told us that you do not take this.
not-taking-said-other = We were told that this is not taken.
not-taking-said-for = Somebody who acts for you told us that you do not take this.
not-taking-because = The reason given: { $reason }
taking-again = I take it again
not-taking-done = Thank you. Your clinic sees that you do not take it.
not-taking-done-other = Thank you. The clinic sees that it is not taken.
taking-done = Thank you. Your clinic sees that you take it again.
taking-done-other = Thank you. The clinic sees that it is taken again.

## Whether a paper still counts

counts-title = Is this prescription valid?
counts-active = This prescription is active
counts-paused = This prescription is paused
counts-renewed = This prescription was renewed: a later one counts
counts-changed = This prescription was changed: a later one counts
counts-stopped = This prescription was stopped
counts-over = The time of this prescription is over
counts-not-known = It is not known whether this prescription still counts. Ask the clinic.
counts-issued = It was issued by { $clinic } on { $date }.
counts-unknown = There is no such prescription here
    .more = Look whether the whole address was typed. If it was, ask the clinic that is named on the paper.
counts-about = This page tells nothing of the patient or the medicine. Compare the paper with what you were given.
my-ended-done = It is not needed any more
my-ended-side-effects = Side effects
my-ended-no-effect = It did not help
my-ended-patient-wish = The patient does not want it
my-ended-interaction = It does not go with another medicine
my-ended-other = Another reason

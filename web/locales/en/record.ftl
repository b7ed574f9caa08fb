## Words put together from what the record holds

yes = Yes
no = No
blood-pressure = Blood pressure
doubt-unconfirmed = Not confirmed yet
doubt-provisional = Working diagnosis
doubt-differential = One of several that it could be
doubt-refuted = Ruled out
not-to-be-done = Not to be done
only-proposed = Proposed, not ordered
vaccine-subpotent = Not at full strength
vaccine-subpotent-why = Not at full strength: { $why }
allergy-kind-medication = Medicine
allergy-kind-food = Food
allergy-kind-environment = Environment
allergy-kind-biologic = Biological medicine
allergy-kind-intolerance = Intolerance
allergy-kind-allergy = Allergy
allergy-resolved = no longer
allergy-inactive = not active
allergy-refuted = ruled out
allergy-mistake = entered by mistake
dose-bare = { $n } at a time
dose-when-needed = when needed
dose-every-hours =
    { $times ->
        [one] { $period ->
            [one] every hour
           *[other] every { $period } hours
        }
       *[other] { $period ->
            [one] { $times } times an hour
           *[other] { $times } times every { $period } hours
        }
    }
dose-every-days =
    { $times ->
        [one] { $period ->
            [one] once a day
           *[other] every { $period } days
        }
        [2] { $period ->
            [one] twice a day
           *[other] twice every { $period } days
        }
       *[other] { $period ->
            [one] { $times } times a day
           *[other] { $times } times every { $period } days
        }
    }
dose-every-weeks =
    { $times ->
        [one] { $period ->
            [one] once a week
           *[other] every { $period } weeks
        }
       *[other] { $period ->
            [one] { $times } times a week
           *[other] { $times } times every { $period } weeks
        }
    }
dose-every-months =
    { $times ->
        [one] { $period ->
            [one] once a month
           *[other] every { $period } months
        }
       *[other] { $period ->
            [one] { $times } times a month
           *[other] { $times } times every { $period } months
        }
    }
vaccine-dose = dose { $dose }
vaccine-lot = lot { $lot }
vaccine-no-reason = no reason recorded
document-note = Visit note
document-addendum = Addendum to a visit note
visit-clinic = Visit
visit-phone = Phone or video call
visit-emergency = Emergency visit
visit-hospital = Hospital stay
visit-home = Home visit
timeline-tests =
    { $n ->
        [one] 1 test result
       *[other] { $n } test results
    }
timeline-outside =
    { $n ->
        [one] 1 outside its range: { $named }
       *[other] { $n } outside their range: { $named }
    }
timeline-tests-more = { $named } and { $n } more
timeline-vaccinated = Vaccination: { $name }
timeline-not-done = Not done: { $name }
timeline-other-named = { $kind }: { $name }
kind-adverse-event = Harm from care
kind-body-structure = Body structure
kind-plan = Care plan
kind-team = Care team
kind-impression = Assessment
kind-issue = Safety issue
kind-device = Device
kind-episode = Episode of care
kind-family = Family history
kind-warning = Warning
kind-goal = Goal
kind-picture = Picture
kind-vaccine-advice = Vaccine advice
kind-medicine-given = Medicine given
kind-medicine-handed-out = Medicine handed out
kind-nutrition = Nutrition order
kind-risk = Risk
kind-specimen = Sample
kind-supply = Supply
kind-glasses = Glasses
timeline-visit-for = { $kind }: { $reason }

## How an entry of a copy stands

state-active = active
state-amended = corrected
state-arrived = arrived
state-booked = booked
state-cancelled = cancelled
state-checked-in = in the room
state-completed = completed
state-current = valid
state-draft = draft
state-entered-in-error = entered by mistake
state-final = final
state-finished = finished
state-fulfilled = took place
state-in-progress = in progress
state-inactive = no longer active
state-intended = planned
state-noshow = did not come
state-not-done = not done
state-not-taken = not taken
state-on-hold = paused
state-partial = partial
state-registered = known, without a value yet
state-pending = offered
state-preliminary = preliminary
state-proposed = asked for
state-rejected = refused
state-remission = in remission
state-requested = asked for
state-resolved = over
state-revoked = called off
state-stopped = stopped
state-superseded = replaced
state-unknown = not known
state-waitlist = waiting for a time
allergies-not-asked = Nothing is recorded of allergies to { $kinds }
allergies-not-shown = Nothing is shown of allergies to { $kinds }
allergies-to-medicines = medicines
allergies-to-food = food
allergies-to-surroundings = surroundings
copy-mistaken = Taken back: this was a mistake and does not count
copy-mistaken-report = Its report was taken back: this was a mistake and does not count
copy-usual = usual: { $range }
copy-reaction = reaction: { $what }

## A report beside its values

report-conclusion = Conclusion
report-state = State: { $word }
report-words = The report’s text
report-finding = Finding
report-comment = Comment of the doctor
report-comment-unsigned = this version of the report is not signed
report-files = Files of this report
report-file = File { $n }
report-file-elsewhere = It is not in this record. It lies at { $address }
report-file-missing = It is named and is not in this record.

# What bears on care beside a name; $what is in the record's own words.
bears-reaction = Reaction: { $what }
bears-dose = Amount: { $what }
bears-route = Way in: { $what }
bears-manufacturer = Made by: { $what }
bears-expires = Expired or expires: { $what }
bears-reason = Reason: { $what }
bears-eligibility = Eligible by: { $what }
bears-complication = Complication: { $what }
bears-follow-up = Follow-up: { $what }
bears-used = Used: { $what }
bears-device = Device: { $what }
bears-place = Place: { $what }
bears-diagnosis = Diagnosis: { $what }
bears-stay = Stay: { $what }
bears-priority = Priority: { $what }
bears-service = Service: { $what }
bears-site = Where in the body: { $what }
bears-detail = Details: { $what }
bears-quantity = How much: { $what }
bears-planned-for = Planned for: { $what }
bears-as-needed = As needed: { $what }
bears-instruction = For the patient: { $what }
bears-performer = To be done by: { $what }
bears-specimen = Sample: { $what }
vaccine-dose-of = dose { $dose } of { $series }

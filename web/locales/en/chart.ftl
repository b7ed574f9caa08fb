## The chart

banner-label = Patient
banner-born = Born
banner-died = Died
banner-sex = Sex
banner-number = Clinic no.
stay-allergies = Allergies
stay-rest =
    { $problems ->
        [one] 1 problem
       *[other] { $problems } problems
    }, { $medicines ->
        [one] 1 medicine
       *[other] { $medicines } medicines
    }: show all
safety-label = Allergies, problems and medicines
asked = asked { $date }
checked = checked { $date }
names-only = names only, doses in the list
allergies-none-known = No known allergies
allergies-none-back = Take this back
never-asked = Not known here.
never-asked-more = Nobody has asked, or it is sealed from you: that is not the same as none.
sealed-aside = What is sealed from you is left out.
none-recorded = None that you may see
takes-none = Takes none
allergy-headline = { $substance }: { $reactions }
severity-mild = mild
severity-moderate = moderate
severity-severe = severe
chart-nav = In this chart
chart-open-appointment = You opened this chart because { $name } has an appointment with you today at { $time }. They can see that you did.
chart-open-in-care = { $name } is in your clinic’s care. They can see that you opened this chart.
chart-shortened = This record holds more than { $parts }. The newest of them are shown. The older ones are kept, but do not stand here.
chart-page-title = { $name }: { $page }
section-summary = Summary
section-timeline = Timeline
section-results = Results
section-medicines = Medicines
section-problems = Problems
section-allergies = Allergies
section-measurements = Measurements
section-immunizations = Immunizations
section-visits = Visits
section-documents = Documents
section-orders = Orders
orders-open = Open orders
order-title = Order: { $name }
order-note-hint = Needed where it is called off or was a mistake: whoever looks for it reads why.
order-do-done = It is done
order-do-again = Open it again
order-again-hint = Why it is open again: whoever looks for it reads it.
order-is-draft = This is a draft. It is ordered when its note is signed.
order-do-off = Call it off
order-do-mistake = It was a mistake
orders-none = Nothing that was ordered is open
orders-past = Done, or called off
order-state-open = Ordered
order-state-paused = Paused
order-state-unknown = Not known whether it still counts
order-state-done = Done
order-state-ended = Called off
summary-today = Today: { $reason }
summary-latest = Latest measurements
summary-measured = Measured { $date }
in-range = In range
vital-before = { $value } on { $date }
vital-before-same-day = { $value } at { $time } that day
vital-before-undated = { $value }, date not recorded
problems-active = Active problems
problems-past = Past problems
problems-none = No active problem that you may see is recorded.
shown-of = { $n } of { $all }
all-problems = All problems
medicines-now = Taken now
medicines-planned = Planned, prescribed by nobody yet
medicines-past = Taken before
medicines-none = No medicine that you may see is recorded as taken now.
all-medicines = All medicines
medicine-taking = Taking
medicine-reported = Reported
medicine-paused = Paused
medicine-finished = Finished
medicine-stopped = Stopped
medicine-draft = Draft
medicine-not-prescribed = not prescribed
how-unknown = not recorded
results-none = No results yet
results-none-more = Results appear here as soon as a laboratory or a device sends them.
results-all-inside =
    { $total ->
        [one] 1 test, not flagged
       *[other] { $total } tests, none flagged
    }
results-some-outside = { $outside } of { $total } tests outside their range
results-newest-outside = { $outside } of these { $total } tests outside their range
results-and-more =
    { $words }. { $more ->
        [one] 1 more test under All results
       *[other] { $more } more tests under All results
    }
results-newest-inside = { $total } tests, none flagged
all-results = All results
measurements-none = No measurements yet
measurements-none-more = Blood pressure, weight and the like appear here once they are measured.
first-one = first one
not-compared = not compared
course-heading = Course
course-table = These values in a table
course-whole = All values of { $name }
course-too-few = There are too few values for a picture. The table has them all.
course-newest =
    { $outside ->
        [0] The newest { $total } results are in range.
        [one] Of the newest { $total } results, 1 is outside the range.
       *[other] Of the newest { $total } results, { $outside } are outside the range.
    }
course-all-inside =
    { $total ->
        [2] Both results are in range.
       *[other] All { $total } results are in range.
    }
course-all-outside =
    { $total ->
        [2] Both results are outside the range.
       *[other] All { $total } results are outside the range.
    }
course-some-outside =
    { $outside ->
        [one] 1 of { $total } results is outside the range.
       *[other] { $outside } of { $total } results are outside the range.
    }
chart-title = { $name }. { $values }
chart-band = In range: { $range }
chart-spoken =
    { $n ->
        [one] 1 reading of { $since }: { $values }
       *[other] { $n } readings since { $since }: { $values }
    }
chart-spoken-newest = The newest { $n } readings, since { $since }: { $values }
flag-high = High
flag-low = Low
flag-critical-high = Critical high
flag-critical-low = Critical low
flag-abnormal = Abnormal
timeline-none = Nothing has happened yet
timeline-none-such = Nothing of this kind and time is shown here
timeline-tabs = Show in the timeline
timeline-all = All
timeline-visits = Visits
timeline-results = Results
timeline-procedures = Procedures
timeline-immunizations = Immunizations
timeline-orders = Orders
timeline-letters = Documents
timeline-others = Other
timeline-visit = visit
timeline-result = result
timeline-procedure = procedure
timeline-immunization = immunization
timeline-order = order
timeline-ordered = Ordered: { $name }
timeline-letter = document
timeline-other = other
all-timeline = Whole timeline
allergies-now = Known now
allergies-past = No longer, or not confirmed
reaction-unknown = reaction not recorded
immunizations-none = No immunization that you may see is recorded
not-given = Not given:
visits-none = No visits yet
visit-open = Open
documents-all = All documents
documents-none = No documents yet
col-time = Time
col-patient = Patient
col-what = What
col-with = With
col-state = State
col-test = Test
col-result = Result
col-flag = Flag
col-range = Range
col-course = Course
col-date = Date
col-medicine = Medicine
col-how = How to take it
col-when = When
col-for = For
col-problem = Problem
col-since = Since
col-until = Until
col-note = Note
col-substance = Substance
col-reaction = Reaction
col-severity = Severity
col-recorded = Recorded
col-immunization = Immunization
col-detail = Details
col-by = By
col-visit = Visit
col-reason = Reason
col-document = Document
col-kind = Kind

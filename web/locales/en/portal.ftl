## Patients: home

home-hello = Hello, { $name }
home-hello-nobody = Hello
home-lead-other = This is their record, as the clinic keeps it.
home-lead-appointments = You look after their appointments, and write to the reception for them. The rest of the record is not open to you.
home-lead = This is your record, as the clinic keeps it. You see who looks at it.
home-coming = Coming up
home-coming-none-more = The reception can give you one.
home-record = Your record
home-record-other = The record
home-open-to-you = Open to you
coming-line = { $time }, { $title }
coming-offered = Offered, and not booked yet. It is held until { $until }.
coming-offered-several = Offered to several people together. It is held until { $until }; call us to take it or to decline it.
coming-offered-only = Offered, and not booked yet.
coming-answer = Take it or decline it
coming-visit = Visit
coming-with = { $kind } with { $with }
looked-nobody = Nobody has opened your record lately
looked-nobody-other = Nobody else has opened this record lately
looked-today =
    { $n ->
        [one] 1 person opened your record today
       *[other] { $n } people opened your record today
    }
looked-month =
    { $n ->
        [one] 1 person opened your record in the last 30 days
       *[other] { $n } people opened your record in the last 30 days
    }
looked-today-other =
    { $n ->
        [one] 1 person opened this record today
       *[other] { $n } people opened this record today
    }
looked-month-other =
    { $n ->
        [one] 1 person opened this record in the last 30 days
       *[other] { $n } people opened this record in the last 30 days
    }
looked-last = Last: { $who }, { $role }, { $when }.
looked-always = Whoever opens it is written down first, always.
sum-allergies-unknown = we have not asked you yet
sum-allergies-unknown-other = none shown to you
sum-allergies-none = none known
sum-allergies-none-other = none known, of what is shown to you
sum-medicines =
    { $n ->
        [0] none to take now
       *[other] { $n } to take
    }
sum-medicines-other =
    { $n ->
        [0] none shown to you
       *[other] { $n } to take
    }
sum-problems =
    { $n ->
        [0] none now
       *[other] { $n } now
    }
sum-problems-other =
    { $n ->
        [0] none shown to you
       *[other] { $n } now
    }
sum-visits = book, change or cancel one
sum-visits-see = what comes, and what was
sum-visits-appointments = what comes; book, change or cancel one
sum-messages = write to us, read our answers
sum-documents = letters, and files of your own
sum-documents-other = letters, and files that were added
sum-results = the newest of each test
sum-immunizations = what was given, and when
sum-summary = the record in short, to print
sum-app = as an app, also without a network
sum-share = your summary for another doctor
sum-requests = a copy, a correction, a question

## Patients: their record

my-results = Your results
my-results-lead = The newest of each test and measurement. Open one to see what it means and how it has changed.
my-results-none = They appear here as soon as they have come in.
results-unread = Nobody at the clinic sees what is sealed here, or refused to them. Nobody reads or signs such a result unless they are let see it.
my-group-results = Tests
my-group-measurements = Measurements
my-group-answers = Questions and answers
my-group-reports = Reports
my-report-results = Values of this report
my-report-said = What the clinic says about it
my-report-none = This report says nothing more.
my-medicines = Your medicines
my-medicines-lead = Do not stop or change one on your own. If something here is not what you take, tell us.
my-medicines-lead-other = None is to be stopped or changed without the doctor. If something here is not what they take, tell us.
my-medicines-print = Print this list
my-medicines-not = Not to be taken
my-medicines-not-lead = The record says that these must not be given. Show this to whoever wants to give one of them.
my-medicines-now = To take now
my-medicines-over = Their time is over
my-medicines-over-lead = The time for which these were meant is over, and nobody has ended them. Ask us whether to go on with them.
my-medicines-later = To take later
my-medicines-paused = Paused at the moment
my-medicines-past = Before
my-medicines-none = No medicine is recorded
my-medicines-none-other = No medicine is shown here
my-medicines-none-more = If you do take something, tell us at your next visit.
my-medicines-none-more-other = If they do take something, tell us at the next visit.
my-medicine-for = For:
my-how-written = The clinic wrote:
my-how-told = As it was told:
my-how-beside = Also recorded:
my-how-unknown = How to take it is not recorded. Ask a doctor or pharmacist.
my-allergies = Your allergies
my-allergies-lead = Everybody who treats you sees these first.
my-allergies-lead-other = Everybody who treats them sees these first.
my-allergies-wrong = If one is missing or wrong, tell us.
my-allergies-none = You have told us that you have none
my-allergies-none-other = We have been told that there are none
my-allergies-unknown = We have not asked you about allergies yet
my-allergies-unknown-other = No allergy is shown here
my-allergies-unknown-more = If you know of one, tell us at the reception or at your next visit.
my-allergies-unknown-more-other = If you know of one, tell us at the reception or at the next visit.
my-asked = Asked on { $date }.
my-recorded = recorded { $date }
my-problems = Your health problems
my-problems-lead = In the words that the staff use. Ask us if one is not clear to you.
my-problems-now = Now
my-problems-past = Before
my-problems-none = No health problem is recorded
my-problems-none-other = No health problem is shown here
my-visits-past = Visits so far
my-immunizations = Vaccinations
my-immunizations-lead = What you have been given, as far as this clinic knows.
my-immunizations-lead-other = What they have been given, as far as this clinic knows.
my-immunizations-none = No vaccination is recorded
my-immunizations-none-other = No vaccination is shown here
sealed-not-shown = What is sealed is not shown to you, so this may not be all.
parts-unseen = Nobody at the clinic sees what is sealed here, or refused to them, unless it is an emergency. Tell whoever treats you of it yourself.
my-documents-none-more = Letters and reports about you appear here.
my-documents-none-more-other = Letters and reports about them appear here.
result-yours = Your result
result-theirs = The result
result-of = Result of { $date }
result-of-named = { $name }, result of { $date }
result-of-range = of { $range }
result-range-given = the range given is { $range }
result-usual = In the usual range of { $range }
result-plain = In plain words
result-plain-ask = A single value says little on its own. Your doctor knows what it means for you.
result-plain-ask-other = A single value says little on its own. Their doctor knows what it means for them.
result-course = How it has changed
result-all = All your results
result-about = About this result
result-by = Measured by
result-range = The usual range
result-preliminary = A doctor has not signed it yet.
result-not-compared = It is not compared: no usual range is known here.
result-not-compared-ranges = It is not compared: it is not certain here which range is the usual one for it.
result-undated = Result, date not recorded
result-taken = Taken
my-col-compared = Compared with the usual range
my-within = within
key-outside = outside the usual range
key-inside = in the usual range
key-no-range = No usual range was given for this.

### Everything that a person reads in Chartbox, in English. Plain, kind, exact: say what happened, what was not
### harmed, what to do next. Patients get no abbreviation without its words.

## Dates, ages, numbers

month =
    { $n ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    }
    .short =
        { $n ->
            [1] Jan
            [2] Feb
            [3] Mar
            [4] Apr
            [5] May
            [6] Jun
            [7] Jul
            [8] Aug
            [9] Sep
            [10] Oct
            [11] Nov
           *[12] Dec
        }
weekday-monday = Monday
    .short = Mon
weekday-tuesday = Tuesday
    .short = Tue
weekday-wednesday = Wednesday
    .short = Wed
weekday-thursday = Thursday
    .short = Thu
weekday-friday = Friday
    .short = Fri
weekday-saturday = Saturday
    .short = Sat
weekday-sunday = Sunday
    .short = Sun
date-day = { $day } { $month } { $year }
date-month = { $month } { $year }
date-and-time = { $date } { $time }
date-long-and-time = { $date }, { $time }
date-today = Today
date-yesterday = Yesterday
date-heading = { $weekday } { $day } { $month }
date-heading-year = { $weekday } { $day } { $month } { $year }
date-heading-today = Today, { $day }
date-unknown = date not recorded
age-years =
    { $n ->
        [one] 1 year
       *[other] { $n } years
    }
age-months = { $n } months
age-weeks = { $n } weeks
age-days =
    { $n ->
        [one] 1 day
       *[other] { $n } days
    }
ago-now = just now
ago-minutes =
    { $n ->
        [one] 1 minute ago
       *[other] { $n } minutes ago
    }
ago-hours =
    { $n ->
        [one] 1 hour ago
       *[other] { $n } hours ago
    }
ago-days =
    { $n ->
        [one] 1 day ago
       *[other] { $n } days ago
    }
since = since { $date }
until = until { $date }
from-to = { $from } to { $to }
range-between = { $low } to { $high }
range-from = { $low } or more
range-to = { $high } or less
range-unknown = no range given

## The frame of every page

skip = Skip to main content
demo-ribbon = Demo: nothing here is protected.
demo-ribbon-more = All people are invented. Do not enter anything about a real person.
nav-main = Main
nav-today = Today
nav-patients = Patients
nav-audit = Audit
nav-health = Health
nav-accounts = Accounts
nav-home = Home
nav-results = Results
nav-medicines = Medicines
nav-problems = Health problems
nav-allergies = Allergies
nav-visits = Visits
nav-documents = Documents
nav-who-looked = Who looked
nav-more = More
sign-out = Sign out
role-patient = Patient
role-proxy = Acts for a patient
role-clinician = Doctor
role-nurse = Nurse
role-reception = Reception
role-healthadmin = Health administrator
role-operator = Operator
proxy-line = This is the record of { $name }. You act for them; they see when you look.
keys-label = Keyboard
keys-find = find a patient
pages-label = More of this list
pages-newer = Newer
pages-older = Older
print-foot = { $name }, born { $born }. Printed { $now }, by { $by }. { $clinic }.

## Forms

form-optional = optional
form-faults =
    { $n ->
        [one] 1 thing to correct before this is saved
       *[other] { $n } things to correct before this is saved
    }

## Sign-in and out

sign-in-title = Sign in
sign-in-problem-title = Problem: sign in
sign-in-user = User name
sign-in-password = Password
sign-in-button = Sign in
sign-in-refused = We could not sign you in
sign-in-do-not-match = This user name and password do not belong together. Nothing has been opened.
sign-in-type-again = Type your password again
sign-in-check-keyboard = Check capital letters and the keyboard language.
sign-in-tries-left =
    { $n ->
        [one] After 1 more wrong try, sign-in waits { $minutes } minutes.
       *[other] After { $n } more wrong tries, sign-in waits { $minutes } minutes.
    }
sign-in-too-many = Too many tries
sign-in-wait-until = You can sign in again at { $time }, or ask at the reception now.
sign-in-stale = This page was open for too long
sign-in-stale-more = Nothing has been opened. Please sign in once more.
sign-in-cannot = I cannot sign in
sign-in-cannot-staff = Staff: the clinic’s operator can give you a new password.
sign-in-cannot-patient = Patients: ask at the reception. Bring something that shows who you are.
address-before = The address above should read
address-after = If it does not, stop and ask at the reception.
signed-out-title = You are signed out
signed-out-asked = Your session on this device has ended.
signed-out-idle =
    { $n ->
        [one] You were signed out after 1 minute without use.
       *[other] You were signed out after { $n } minutes without use.
    }
signed-out-ended = This session was ended from another device or by the clinic’s operator.
signed-out-shared = If others use this device too, close this window.
signed-out-again = Sign in again

## Setup

setup-title = Set up this box
setup-step = Step { $n } of 3
setup-lead = The box printed a setup code when it was installed. It works once, and it proves that you stand at the box.
setup-code = Setup code
setup-code-hint = Capital letters and dashes do not matter.
setup-code-lost = I do not have the code
setup-code-lost-more = Run this at the box’s own console; it shows the code until it was used:
setup-continue = Continue
setup-accounts-title = The first three accounts
setup-accounts-lead = One person each, so that nobody can both open records and rule the machine. More accounts can be made afterwards.
setup-clinic = Clinic
setup-zone = Time zone
setup-zone-now = it is { $time } there now
setup-address = Address of this box
setup-about-healthadmin = Looks after who may see what, requests of patients, and the access log. Cannot read records.
setup-about-operator = Looks after the machine: accounts, backups, certificates. Cannot see any patient.
setup-about-clinician = Reads and writes the records of patients.
account-full-name = Full name
account-user-hint = Letters, digits, dots and dashes.
account-password-hint = At least 12 characters. Four unusual words are better than one word with signs.
setup-to-check = Continue
setup-check-title = Check before it is made
setup-signs-in-as = signs in as
setup-once = The setup code ends with this step
setup-once-more = After that, accounts are made by the operator only.
setup-make = Make these accounts
setup-change = Change something
setup-done-title = The box is ready
setup-done-lead = Three things to do now, in this order.
setup-next-sheet = Put the recovery sheet away
setup-next-sheet-more = It was printed when the box was installed. Without it and without the box, no backup can ever be read. Keep it where papers of value lie, not beside the box.
setup-next-devices = Connect the other devices
setup-next-devices-more = On each computer, phone or tablet, open this address once:
setup-next-sign-in = Sign in
setup-next-sign-in-more = Each with their own account:

## Trust this box

welcome-title = Trust this box
welcome-heading = Connect this device to the clinic’s record box
welcome-lead = Do this once on each phone, tablet or computer. It takes about two minutes, and then no warning appears any more.
welcome-compare = First compare this fingerprint
welcome-compare-more = This page itself is not protected yet. The fingerprint on the printed recovery sheet, or on the box’s own console, must be exactly this one. If even one sign differs, stop and tell the staff.
welcome-fingerprint = Fingerprint of this box
welcome-same = It is the same
welcome-differ = It differs
welcome-install = Then, on this device
device-iphone = iPhone and iPad
device-android = Android
device-windows = Windows
device-mac = Mac
device-linux = Linux, and Firefox everywhere
iphone-download = Download the profile.
iphone-download-more = When Safari asks, choose Allow.
iphone-download-button = Download for iPhone and iPad
iphone-install = Install it.
iphone-install-more = Settings, then “Profile Downloaded”, then Install. It is called
iphone-trust = Switch on trust.
iphone-trust-more = Settings, General, About, Certificate Trust Settings. Switch on
ca-download = Download the certificate.
ca-download-button = Download the certificate
android-install = Install it.
android-install-more = Settings, search for “CA certificate”, choose Install anyway, and pick the file that you downloaded.
windows-install = Install it.
windows-install-more = Open the file, choose Install Certificate, Local Machine, “Place all certificates in the following store”, Trusted Root Certification Authorities.
mac-download-button = Download for Mac
mac-install = Install it.
mac-install-more = System Settings, search for “Profiles”, open the profile and choose Install.
linux-install = Add it to your browser.
linux-install-more = In the browser’s settings, search for “certificates”, open Authorities, choose Import, pick the file, and trust it for websites.
welcome-open = Last, open your clinic
welcome-open-button = Open { $address }
welcome-allows = What this allows, and what it does not
welcome-allows-more = Your device will trust pages from { $host } and from no other address. The box cannot use this to read your other traffic. You can remove it in your device’s settings at any time.
welcome-until = It is valid until { $date }.
welcome-differ-title = If the fingerprint differs
welcome-differ-more = Install nothing and sign in nowhere. Somebody may stand between you and the box. Tell the staff; they compare the fingerprint at the box’s own console.
welcome-phone = Continue on a phone
welcome-phone-more = Join the clinic’s Wi-Fi first, then scan. Compare the fingerprint there too. The code leads to
welcome-qr-spoken = QR code that opens this page on a phone
welcome-foot = Stuck? Ask at the reception. Please do not click past a browser warning: it is there for this very case.

## Locked

locked-title = This box is locked
locked-lead = It started without its key, so no record can be read, by anyone. Everything is still there.
locked-passphrase = Passphrase
locked-passphrase-hint = The one that was chosen for this box, not your own password.
locked-button = Unlock
locked-no-passphrase = I have the recovery sheet instead
locked-no-passphrase-more = Run this at the box’s own console, with the sheet at hand:

## What went wrong

problem-not-understood = We could not read this request
    .more = The address or the form was not complete. Nothing was changed. Go back and try once more.
problem-not-signed-in = Please sign in first
    .more = Nothing has been opened.
problem-not-for-role = Your role does not do this
    .more = Nothing was changed. If you need it, ask the clinic’s health administrator.
problem-stale-form = This page was open for too long
    .more = Nothing was saved. Go back, load the page again, and send it once more.
problem-nothing-here = There is nothing here, or nothing that you may see
    .more = The address may be mistyped, or the link may be old.
problem-not-this-way = This address does not work like that
    .more = Nothing was changed. Start again from your first page.
problem-too-large = This is too large
    .more = { $most } is the most. Nothing was saved.
problem-too-many = Too many requests
    .more = Wait a minute, then try again. Nothing was changed.
    .until = You can go on at { $time }. Nothing was changed.
problem-unexpected = Something went wrong on our side
    .more = Nothing was saved. Try once more; if it happens again, tell the operator the reference below.
problem-audit-unwritable = We could not write the access log, so nothing was opened
    .more = Records stay closed until it can be written again. The operator sees why on the health page.
problem-disk-full = The box has no room left to write
    .more = Nothing was saved. Records can still be read. Please tell the operator.
problem-not-ready = The box is just starting or stopping
    .more = Nothing is lost. Try again in a minute.
problem-reference = Reference:
problem-back = Back to your first page
problem-foot = If you did not expect this, tell the clinic’s staff what you were about to do.

## The clinic's day

today-other-days = Other days
today-day-before = The day before
today-day-after = The day after
today-today = Today
today-sum =
    { $all ->
        [0] No appointments
        [one] 1 appointment, { $done } done, { $here } arrived
       *[other] { $all } appointments, { $done } done, { $here } arrived
    }
today-appointments = Appointments
today-empty = No appointments on this day
today-empty-more = Patients without an appointment are found by name, birth date or clinic number.
today-now = { $time } now
appointment-not-confirmed = Not confirmed
appointment-expected = Expected
appointment-arrived = Arrived
appointment-done = Done
appointment-cancelled = Cancelled
appointment-did-not-come = Did not come

## Finding and registering patients

find-label = Find a patient by name, birth date or number
find-placeholder = Find a patient
find-hint = A few letters are enough. Spelling may be a little off.
find-button = Find
find-none = No patient matches “{ $query }”
find-none-more = Try fewer letters, the birth date alone, or the clinic number.
find-more = There are more. Type a little more of the name, or the birth date.
find-start = Whom are you looking for?
find-start-more = Type a part of the name, a birth date such as 9 May 1967, or the clinic number.
find-recent = Seen last
find-count =
    { $n ->
        [one] 1 patient
       *[other] { $n } patients
    }
patients-title = Patients
patient-no-name = No name recorded
patient-number = Clinic number
patient-family = Family name
patient-given = Given names
patient-born = Birth date
patient-born-hint = For example 9 5 1967
patient-sex = Sex
patient-phone = Phone number
patient-street = Street and number
patient-postcode = Postcode
patient-town = Town
sex-female = Female
sex-male = Male
sex-other = Other
sex-unknown = Not known
born-unknown = not recorded
born-and-age = { $date } ({ $age })
died = died { $date }
died-unknown = date not known
register-button = Register
register-title = Register a patient
register-new = Register a new patient
register-who = Who it is
register-reach = How to reach them
register-save = Register
register-different = Register: it is somebody else
register-leave = Leave without saving
register-doubles =
    { $n ->
        [one] There is already somebody very much like this
       *[other] There are already { $n } people very much like this
    }
register-doubles-more = Open the record below if it is the same person. Two records of one person are dangerous.
register-doubles-list = Registered already
details-no-reach = No phone number or address is recorded.
details-no-appointments = No appointments.

## The chart

banner-label = Patient
banner-born = Born
banner-died = Died
banner-sex = Sex
banner-number = Clinic no.
safety-label = Allergies, problems and medicines
asked = asked { $date }
checked = checked { $date }
names-only = names only, doses in the list
allergies-none-known = No known allergies
never-asked = Never asked.
never-asked-more = Nothing recorded is not the same as none.
none-recorded = None recorded
takes-none = Takes none
allergy-headline = { $substance }: { $reactions }
severity-mild = mild
severity-moderate = moderate
severity-severe = severe
chart-nav = In this chart
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
summary-today = Today: { $reason }
summary-latest = Latest measurements
summary-measured = Measured { $date }
in-range = In range
vital-before = { $value } on { $date }
problems-active = Active problems
problems-past = Problems of before
problems-none = No active problem is recorded.
all-problems = All problems
medicines-now = Taken now
medicines-past = Taken before
medicines-none = No medicine is recorded as taken now.
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
all-results = All results
measurements-none = No measurements yet
measurements-none-more = Blood pressure, weight and the like appear here once they are measured.
first-one = first one
course-heading = Course
course-table = All values in a table
course-too-few = There are too few values for a picture. The table has them all.
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
timeline-tabs = Show in the timeline
timeline-all = All
timeline-visits = Visits
timeline-results = Results
timeline-procedures = Procedures
timeline-immunizations = Immunizations
timeline-letters = Documents
timeline-visit = visit
timeline-result = result
timeline-procedure = procedure
timeline-immunization = immunization
timeline-letter = document
all-timeline = Whole timeline
allergies-now = Known now
allergies-past = No longer, or not confirmed
reaction-unknown = reaction not recorded
immunizations-none = No immunizations recorded
not-given = Not given:
visits-none = No visits yet
visit-open = Open
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

## Results in plain words

flag-plain-high = above the usual range
flag-plain-low = below the usual range
flag-plain-critical-high = far above the usual range
flag-plain-critical-low = far below the usual range
flag-plain-abnormal = not as usually found
plain-none = No value was recorded.
plain-value = { $value }.
plain-inside = { $value }. This is within the usual range of { $range }.
plain-outside = { $value }. This is { $flag } of { $range }.
plain-flagged = { $value }. The laboratory marked this as { $flag }.
plain-same = It is about the same as in { $month }, when it was { $value }.
plain-risen = It has gone up: it was { $value } in { $month }.
plain-fallen = It has gone down: it was { $value } in { $month }.
gauge-below = Below it
gauge-usual = Usual range
gauge-above = Above it
gauge-you = You { $value }

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
date-day-month = { $day } { $month }
date-month = { $month } { $year }
date-and-time = { $date } { $time }
date-long-and-time = { $date }, { $time }
date-today = Today
    .within = today
date-yesterday = Yesterday
    .within = yesterday
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
demo-label = Demo
demo-ribbon = Demo: nothing here is protected.
demo-ribbon-more = All people are invented. Do not enter anything about a real person.
nav-main = Main
nav-today = Today
nav-patients = Patients
nav-audit = Audit
nav-approvals = Approvals
nav-health = Health
nav-settings = Settings
nav-backups = Backups
nav-day = Day
nav-booking-requests = Booking requests
nav-accounts = Accounts
nav-keys = Keys
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

form-kept = Your text from { $when } is kept, and stands below.
form-kept-discard = Begin again

## Sign-in and out

sign-in-title = Sign in
sign-in-problem-title = Problem: sign in
sign-in-user = User name
sign-in-password = Password
sign-in-button = Sign in
sign-in-refused = We could not sign you in
sign-in-do-not-match = This user name and password do not belong together. Nothing has been opened.
wait-until = There were too many tries. You can go on at { $time }.
sign-in-type-again = Type your password again
sign-in-check-keyboard = Check capital letters and the keyboard language.
sign-in-tries-left =
    { $n ->
        [one] After 1 more wrong try
       *[other] After { $n } more wrong tries
    }, sign-in waits { $minutes ->
        [one] 1 minute
       *[other] { $minutes } minutes
    }.
sign-in-too-many = Too many tries
sign-in-wait-until = You can sign in again at { $time }, or ask at the reception now.
sign-in-stale = This page was open for too long
sign-in-stale-more = Nothing has been opened. Please sign in once more.
sign-in-kept = You were signed out before this was sent. Your text is kept: sign in, and go on.
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
setup-code-lost-more = Run this at the box’s own console; it makes a new code, and the old one is good no more:
setup-continue = Continue
setup-accounts-title = The first three accounts
setup-accounts-lead = One person each, so that nobody can both open records and rule the machine. More accounts can be made afterwards.
setup-clinic = Clinic
setup-zone = Time zone
setup-zone-now = it is { $time } there now
setup-address = Address of this box
setup-about-healthadmin = Looks after who may see what, requests of patients, and the access log. Sees whom they are about (name, birth date, number), and nothing else of a record.
setup-about-operator = Looks after the machine: accounts, backups, certificates. Cannot see any patient.
setup-about-clinician = Reads and writes the records of patients.
account-full-name = Full name
account-user-hint = Letters, digits, dots and dashes.
account-password-hint = At least { $n } characters. Four unusual words are better than one word with signs.
setup-to-check = Continue
setup-check-title = Check before it is made
setup-signs-in-as = signs in as
setup-once = The setup code ends with this step
setup-once-more = After that, accounts are made by the operator only.
setup-sheet-more = The recovery sheet was printed when the box was installed. Type these words from it, so that it is sure that it was kept. Left empty, the operator’s page goes on asking.
setup-next-sheet-waits = Nobody has shown yet that it is kept. The operator can do so under Keys, with the sheet at hand.
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
locked-sheet-instead = Use the recovery sheet instead
locked-sheet-hint = Six rows of four words. Capital letters do not matter, and four letters of a word are enough. A mistake is found in its row.
locked-row = Row { $n }
locked-sheet-button = Unlock with the sheet
locked-why = Why is it locked?
locked-why-more = After a power cut the box waits until somebody opens it, or the machine did not hand in its key. Who stands at the box’s own console can also run
locked-opening-title = The box is opening
locked-opening-lead = The key was right. The records are being copied under their new key first, and nothing is lost if the power goes meanwhile.
locked-opening-more = This page looks again every few seconds. A large box takes some minutes.

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
problem-no-record = No record is open to you yet
    .more = Your account works, but it leads to nobody’s record: nobody has let you see theirs, or the permission has ended. The reception can connect you. If you look after somebody, they can give you the permission there too.
problem-try-again = Look again
problem-not-this-way = This address does not work like that
    .more = Nothing was changed. Start again from your first page.
problem-changed-meanwhile = Somebody else changed this meanwhile
    .more = Nothing was overwritten. Load it again, compare, then decide.
problem-gone = This was deleted
    .more = Its history is kept.
problem-proof-needed = Please confirm once more that it is you
    .more = Nothing was changed. Sign out, sign in again, and try once more.
problem-other-name = This box has another name
    .more = It does not answer under the address that you used. Open it under the name that its welcome page shows.
problem-took-too-long = This took too long
    .more = We gave it up. Nothing is lost; try again in a moment.
problem-too-large = This is too large
    .more = { $most } is the most. Nothing was saved.
problem-too-many = Too many requests
    .more = Wait a minute, then try again. Nothing was changed.
    .until = You can go on at { $time }. Nothing was changed.
problem-unexpected = Something went wrong on our side
    .more = Nothing was saved. Try once more; if it happens again, tell the operator when it was: the box's log says why.
problem-audit-unwritable = We could not write the access log, so nothing was opened
    .more = Records stay closed until it can be written again. The operator sees why on the health page.
problem-disk-almost-full = The box has no room left to write
    .more = Nothing was saved. Records can still be read. Please tell the operator.
problem-disk-full = The disk is full to the last byte
    .more = Nothing was saved, and nothing was opened, because the access log cannot be written. Nothing was lost. Please tell the operator at once.
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
today-mine = Yours
today-others = With others
today-appointment = Appointment
appointment-checkup = Check-up
appointment-emergency = Urgent
appointment-followup = Follow-up
appointment-walkin = Walk-in
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
find-label-here = Find a patient
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
register-done = { $name } is registered with the clinic number { $number }.
register-no-name = Type the family name or the given names.
register-long = This is too long: { $most } characters are the most.
register-no-born = Type the birth date. If it is not known, type the year.
register-born-unread = This is no date. Type day, month and year, such as 9 5 1967.
register-born-future = This date lies in the future.
register-born-old = This date lies more than 130 years back.
register-no-sex = Choose the sex. “Not known” is an answer too.
register-phone-unread = A phone number has digits, and may have spaces, a plus and hyphens.
reach-phone = Phone
reach-mobile = Mobile
reach-work = Phone at work
reach-email = Email
reach-other = Other
reach-address = Address
reach-contact = To contact
details-no-reach = No phone number or address is recorded.
details-no-appointments = No appointments.

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
never-asked = Never asked.
never-asked-more = Nothing recorded is not the same as none.
none-recorded = None recorded
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
summary-today = Today: { $reason }
summary-latest = Latest measurements
summary-measured = Measured { $date }
in-range = In range
vital-before = { $value } on { $date }
problems-active = Active problems
problems-past = Problems of before
problems-none = No active problem is recorded.
shown-of = { $n } of { $all }
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
results-newest-outside = { $outside } of the newest { $total } tests outside their range
results-newest-inside = the newest { $total } tests, none flagged
all-results = All results
measurements-none = No measurements yet
measurements-none-more = Blood pressure, weight and the like appear here once they are measured.
first-one = first one
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

## Words put together from what the record holds

yes = Yes
no = No
blood-pressure = Blood pressure
doubt-unconfirmed = Not confirmed yet
doubt-provisional = Working diagnosis
doubt-differential = One of several that it could be
doubt-refuted = Ruled out
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
timeline-visit-for = { $kind }: { $reason }

## Tests that carry nothing but LOINC's long name, as staff call them; by code

loinc-1742-6 = ALT
loinc-1751-7 = Albumin
loinc-1920-8 = AST
loinc-1975-2 = Bilirubin
loinc-1988-5 = C-reactive protein
loinc-2028-9 = Carbon dioxide
loinc-2075-0 = Chloride
loinc-2085-9 = HDL cholesterol
loinc-2093-3 = Total cholesterol
loinc-2160-0 = Creatinine
loinc-2276-4 = Ferritin
loinc-2345-7 = Glucose
loinc-2571-8 = Triglycerides
loinc-2708-6 = Oxygen saturation
loinc-2823-3 = Potassium
loinc-2857-1 = PSA
loinc-2885-2 = Total protein
loinc-2951-2 = Sodium
loinc-3016-3 = TSH
loinc-3094-0 = Urea nitrogen
loinc-4544-3 = Haematocrit
loinc-4548-4 = HbA1c
loinc-6299-2 = Urea nitrogen
loinc-6301-6 = INR
loinc-6690-2 = White cells
loinc-6768-6 = Alkaline phosphatase
loinc-718-7 = Haemoglobin
loinc-777-3 = Platelets
loinc-785-6 = MCH
loinc-786-4 = MCHC
loinc-787-2 = MCV
loinc-789-8 = Red cells
loinc-8302-2 = Height
loinc-8310-5 = Temperature
loinc-8331-1 = Temperature, oral
loinc-8867-4 = Pulse
loinc-9279-1 = Breathing
loinc-10834-0 = Globulin
loinc-13457-7 = LDL cholesterol, calculated
loinc-14959-1 = Urine albumin/creatinine
loinc-17861-6 = Calcium
loinc-18262-6 = LDL cholesterol
loinc-20570-8 = Haematocrit
loinc-21000-5 = Red cell distribution width
loinc-29463-7 = Weight
loinc-32207-3 = Platelet distribution width
loinc-32623-1 = Mean platelet volume
loinc-33914-3 = eGFR
loinc-39156-5 = Body mass index
loinc-48642-3 = eGFR
loinc-57905-2 = Blood in stool
loinc-59408-5 = Oxygen saturation
loinc-62238-1 = eGFR
loinc-72514-3 = Pain, 0 to 10
loinc-77147-7 = eGFR
loinc-98979-8 = eGFR

## Results in plain words

flag-plain-high = above the usual range
flag-plain-low = below the usual range
flag-plain-critical-high = far above the usual range
flag-plain-critical-low = far below the usual range
flag-plain-abnormal = not as usually found
flag-short-high = above
flag-short-low = below
flag-short-critical-high = far above
flag-short-critical-low = far below
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
flag-plain-usual = in the usual range

## Patients: home

home-hello = Hello, { $name }
home-hello-nobody = Hello
home-lead-other = This is their record, as the clinic keeps it.
home-lead = This is your record, as the clinic keeps it. You see who looks at it.
home-coming = Coming up
home-coming-none = No appointment is booked
home-coming-none-more = The reception can give you one.
home-new = New results
home-new-none = No new results
home-new-none-more = Results of the last weeks appear here as soon as they have come in.
home-record = Your record
coming-line = { $time }, { $title }
coming-visit = Visit
coming-with = { $kind } with { $with }
new-result-line = { $date }
new-result-flagged = { $date }, { $flag }
looked-nobody = Nobody has opened your record lately
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
looked-last = Last: { $who }, { $role }, { $when }.
looked-always = Whoever opens it is written down first, always.
sum-allergies-unknown = we have not asked you yet
sum-allergies-none = none known
sum-medicines =
    { $n ->
        [0] none to take now
       *[other] { $n } to take
    }
sum-problems =
    { $n ->
        [0] none now
       *[other] { $n } now
    }

## Patients: their record

my-results = Your results
my-results-lead = The newest of each test and measurement. Open one to see what it means and how it has changed.
my-results-none = They appear here as soon as they have come in.
my-group-results = Tests
my-group-measurements = Measurements
my-group-answers = Questions and answers
my-medicines = Your medicines
my-medicines-lead = Do not stop or change one on your own. If something here is not what you take, tell us.
my-medicines-now = To take now
my-medicines-past = Before
my-medicines-none = No medicine is recorded
my-medicines-none-more = If you do take something, tell us at your next visit.
my-medicine-for = For { $reason }
my-how-unknown = How to take it is not recorded. Ask your doctor or pharmacist.
my-allergies = Your allergies
my-allergies-lead = Everybody who treats you sees these first. If one is missing or wrong, tell us.
my-allergies-none = You have told us that you have none
my-allergies-unknown = We have not asked you about allergies yet
my-allergies-unknown-more = If you know of one, tell us at the reception or at your next visit.
my-asked = Asked on { $date }.
my-recorded = recorded { $date }
my-problems = Your health problems
my-problems-lead = In the words that the staff use. Ask us if one is not clear to you.
my-problems-now = Now
my-problems-past = Before
my-problems-none = No health problem is recorded
my-visits-past = Visits so far
my-immunizations = Vaccinations
my-immunizations-lead = What you have been given, as far as this clinic knows.
my-immunizations-none = No vaccination is recorded
my-documents-none-more = Letters and reports about you appear here.
result-yours = Your result
result-of = Result of { $date }
result-of-named = { $name }, result of { $date }
result-of-range = of { $range }
result-usual = In the usual range of { $range }
result-plain = In plain words
result-plain-ask = A single value says little on its own. Your doctor knows what it means for you.
result-course = How it has changed
result-all = All your results
result-about = About this result
result-by = Measured by
result-taken = Taken
my-col-compared = Compared with the usual range
my-within = within
key-outside = outside the usual range
key-inside = in the usual range
key-no-range = No usual range was given for this.

## Who looked

look-title = Who looked at your record
look-title-other = Who looked at this record
look-lead-other = Whoever opens, changes or sends a part of this record is written here before they see anything. Nothing in the clinic’s system deletes a line, and a check finds any line that was changed or removed.
look-lead = Whoever opens, changes or sends a part of your record is written here before they see anything. Nothing in the clinic’s system deletes a line, and a check finds any line that was changed or removed.
look-checked = Checked { $date }: complete and unchanged.
look-who = Who
look-when = When
look-why = Why
look-what = What
look-who-others = Everyone but me
look-who-staff = Clinic staff
look-who-family = Family
look-who-outside = Outside the clinic
look-who-refused = Refused
look-who-own = Me
look-span-month = Last 30 days
look-span-year = This year
look-span-all = Since the beginning
look-none = Nobody in this time
look-none-more = Choose another time or “Everyone but me” to see more.
look-listed =
    { $n ->
        [one] Your name stood in a list that 1 person saw
       *[other] Your name stood in lists that { $n } people saw
    }
look-listed-more = A list shows your name, birth date and number. Nothing of your health.
look-listing =
    { $n ->
        [one] once, { $time }
       *[other] { $n } times, { $time }
    }
look-own =
    { $n ->
        [one] You opened your own record once in this time.
       *[other] You opened your own record { $n } times in this time.
    }
look-own-other =
    { $n ->
        [one] You opened this record once in this time.
       *[other] You opened this record { $n } times in this time.
    }
look-own-show = Show these
look-download = Download the list
look-list-day = Day
look-list-from = From
look-list-until = Until
look-list-who = Who
look-list-role = Role
look-list-why = Why
look-list-what = What
look-list-note = Note
look-list-listed =
    { $n ->
        [one] Saw the name in a list, once
       *[other] Saw the name in lists, { $n } times
    }
look-you = You
look-opened = Opened { $parts }
look-opened-record = Opened the record
look-sent = Sent out { $parts }
look-sent-record = Sent out the record
look-tried = Tried to open { $parts }
look-tried-record = Tried to open the record
look-did = { $did }: { $parts }
look-reason = “{ $reason }” These are their words.
look-refused = Refused.
look-refused-more = Nothing was shown.
look-emergency = Emergency access.
look-emergency-more = Ask the clinic if you do not know why.
actor-box = The clinic’s system
actor-box-job = The box ({ $job })
actor-gone = An account that is not there any more
actor-nobody = Somebody who was not signed in
actor-share = Whoever had a share link
role-box = Computer
role-outside = Outside the clinic
show = Show

## The access log

verify-now = Verify now
audit-sum =
    { $n ->
        [one] 1 entry. None can be deleted here.
       *[other] { $count } entries. None can be deleted here.
    }
audit-sum-since = The first is of { $date }.
audit-entries = Entries
audit-action = Did what
audit-outcome = Outcome
audit-from = From
audit-to = To
audit-any = Any
audit-anyone = Anyone
audit-clear = Clear
audit-none = No entry fits
audit-none-more = Take one of the filters away, or choose a longer time.
audit-scroll = Entries, scrolls sideways
audit-own-entry = This search is itself entry
audit-bad-day = “{ $day }” is not a day. Write it as year, month and day, such as 2026-03-09.
audit-nobody = No account has this name or user name.
audit-many-people = { $n } accounts fit this name. Type the user name.
audit-no-patient = No patient fits this name or number.
audit-many-patients = { $n } patients fit equally well. Add the birth date, or type the number.
audit-and-more =
    { $n ->
        [one] { $name } and 1 other
       *[other] { $name } and { $n } others
    }
audit-times = { $did }, { $n } times
audit-quoted = “{ $text }”
audit-erased = The detail was erased by entry { $by }.
audit-detail-missing = The detail is missing. Verify the log.
audit-unsealed = Since the last checkpoint: linked, not yet sealed
audit-sealed = Under the last checkpoint
chain-label = State of the log
chain-whole = Verified: complete and unchanged
    .more = { $date }. No edit, gap, reordering or substitution found.
chain-tampered = Verified: not as it was written
    .more = { $date }. Keep the box as it is, verify again to see what was found, and call for help.
chain-unverified = Not verified yet
    .more = Verify it now; it takes a few seconds for each million entries.
chain-entries =
    { $n ->
        [one] 1 entry
       *[other] { $count } entries
    }
chain-sealed = Under the last checkpoint
chain-unsealed = Since then, linked, not yet sealed
chain-last = Last checkpoint
chain-next = Next checkpoint
chain-no-checkpoint = none yet
verify-title = Verification of the access log
verify-whole =
    { $n ->
        [one] 1 entry, complete and unchanged
       *[other] { $count } entries, complete and unchanged
    }
    .more = No edit, gap, reordering, copy or substitution was found. What such a check cannot see stands below.
verify-tampered = The access log is not as it was written
    .more = Keep the box as it is. Note the entries below, fetch the last checkpoint from outside the box, and run “chartbox audit verify --checkpoint” with it.
verify-facts = What was checked
verify-checkpoints = Checkpoints kept in the box
verify-details = Details checked
verify-withheld = Details erased, each with an entry that says so
verify-clock = Entries written while the clock had gone backwards
verify-more = And { $n } more.
verify-findings = What was found
verify-blind = What this check cannot see
blind-rewritten = Somebody with the key of the store who wrote the log or its end anew, cut its end off, or put an older copy of the store back. A checkpoint kept outside the box would show it: the operator checks with “chartbox audit verify”.
blind-rewritten-after =
    { $entries ->
        [one] The same, for the 1 entry after entry { $size }, which a checkpoint kept outside covers last.
       *[other] The same, for the { $entries } entries after entry { $size }, which a checkpoint kept outside covers last.
    }
blind-other-key = A checkpoint exchanged for one signed with another key. The fingerprint on the recovery sheet would show it.
blind-unwritten-failures = A changed number of failed sign-ins of the last minute: they are counted before they are written as one entry.
blind-never-written = What somebody with full control of the machine did without this program, so that it was never written.
verify-back = Back to the log
col-entry = Entry
col-did = Did what
outcome-success = Done
outcome-denied = Refused
outcome-failed = Did not work
outcome-started = Begun

## What was done, after a name

act-read = opened
act-vread = opened an earlier version
act-history = looked at the history
act-search = searched
act-list = saw in a list
act-count = counted
act-create = added
act-update = changed
act-patch = changed in part
act-delete = deleted
act-batch = sent several requests
act-transaction = sent several changes together
act-validate = had content checked
act-everything = took a whole copy
act-export = exported
act-summary = took a summary of the record
act-print = printed
act-download = downloaded a document
act-view = looked at a document
act-import = imported
act-upload = uploaded a document
act-operation = ran an operation
act-break-glass = opened in an emergency
act-break-glass-review = reviewed an emergency opening
act-break-glass-end = ended an emergency opening
act-consent-give = gave a consent
act-consent-withdraw = withdrew a consent
act-proxy-grant = let somebody act for them
act-proxy-revoke = ended that somebody acts for them
act-seal = sealed
act-unseal = unsealed
act-release = released a result
act-message = sent a message
act-prescribe = prescribed
act-sign = signed
act-book = booked
act-cancel = cancelled
act-check-in = checked in
act-register = registered a patient
act-merge = joined two records
act-request-made = made a request
act-request-answered = answered a request
act-share-made = made a share link
act-share-revoked = ended a share link
act-share-opened = opened a share link
act-disclosure = released information to somebody outside
act-sign-in = signed in
act-sign-out = signed out
act-session-end = ended a session
act-step-up = confirmed who they are
act-authenticate = showed a token or session
act-throttled = tried too often
act-password-change = changed a password
act-password-reset = gave a new first password
act-second-factor-add = added a second factor
act-second-factor-remove = removed a second factor
act-passkey-add = added a passkey
act-passkey-remove = removed a passkey
act-account-create = made an account
act-account-change = changed an account
act-role-change = changed a role
act-account-disable = switched an account off
act-account-enable = switched an account on
act-invite = sent an invitation
act-accounts-read = looked at accounts
act-token-create = made a token
act-token-revoke = ended a token
act-setup = set the box up
act-approval-made = approved an export
act-approval-used = used an approval
act-refused = was refused
act-audit-read = read the access log
act-audit-verify = verified the access log
act-audit-export = exported the access log
act-checkpoint = signed a checkpoint of the log
act-detail-erase = erased the detail of an entry
act-epoch-open = went on with the log after a restore
act-start = started the box
act-stop = stopped the box
act-unlock = unlocked the box
act-init = made this box
act-command = ran a command
act-job = ran a job
act-settings = changed the settings
act-certificate = changed a certificate
act-network = changed the network settings
act-status = looked at the health of the box
act-backup = made a backup
act-backup-verify = verified a backup
act-backup-drill = tried to restore a backup
act-backup-prune = removed old backups
act-restore = restored a backup
act-key-slot-add = added a way to unlock
act-key-slot-remove = removed a way to unlock
act-key-rotate = changed the key of the store
act-sheet-print = printed a recovery sheet
act-formulary = imported medicines

## Why: for staff, and for the patient it concerns

why-treat = Care
    .you = Your care
why-etreat = Emergency care
    .you = Your care in an emergency
why-btg = Emergency access
    .you = An emergency
why-caremgt = Coordination of care
    .you = Coordination of your care
why-hoperat = Running the clinic
    .you = Running the clinic
why-hpaymt = Payment
    .you = Payment for your care
why-patadmin = Registration and appointments
    .you = Your registration or an appointment
why-patrqt = The patient’s own request
    .you = You asked for it
why-famrqt = The family’s request
    .you = Your family asked for it
why-pwatrny = For somebody they may act for
    .you = They may act for you
why-sysadmin = Looking after the system
    .you = Looking after the clinic’s system
why-hcompl = Rules and accountability
    .you = Checking that the rules are kept
why-hqualimp = Improving quality
    .you = Improving the quality of care
why-pubhlth = Public health
    .you = Public health
why-hresch = Research
    .you = Research
why-hlegal = A legal duty
    .you = A legal duty
why-coverage = Insurance
    .you = Your insurance
why-supnwk = Support for the patient
    .you = Support for you

## Parts of a record, counted

part-person =
    { $n ->
        [one] personal details
       *[other] names and birth dates of { $count } people
    }
part-result =
    { $n ->
        [one] 1 result or measurement
       *[other] { $count } results or measurements
    }
part-report =
    { $n ->
        [one] 1 report
       *[other] { $count } reports
    }
part-problem =
    { $n ->
        [one] 1 health problem
       *[other] { $count } health problems
    }
part-allergy =
    { $n ->
        [one] 1 allergy
       *[other] { $count } allergies
    }
part-medicine =
    { $n ->
        [one] 1 medicine
       *[other] { $count } medicines
    }
part-medicine-given =
    { $n ->
        [one] 1 record of a medicine given
       *[other] { $count } records of medicines given
    }
part-immunization =
    { $n ->
        [one] 1 vaccination
       *[other] { $count } vaccinations
    }
part-visit =
    { $n ->
        [one] 1 visit
       *[other] { $count } visits
    }
part-procedure =
    { $n ->
        [one] 1 procedure
       *[other] { $count } procedures
    }
part-document =
    { $n ->
        [one] 1 document
       *[other] { $count } documents
    }
part-appointment =
    { $n ->
        [one] 1 appointment
       *[other] { $count } appointments
    }
part-plan =
    { $n ->
        [one] 1 care plan or goal
       *[other] { $count } care plans or goals
    }
part-team =
    { $n ->
        [one] 1 care team
       *[other] { $count } care teams
    }
part-picture =
    { $n ->
        [one] 1 set of pictures
       *[other] { $count } sets of pictures
    }
part-bill =
    { $n ->
        [one] 1 bill or insurance paper
       *[other] { $count } bills or insurance papers
    }
part-message =
    { $n ->
        [one] 1 message
       *[other] { $count } messages
    }
part-order =
    { $n ->
        [one] 1 order
       *[other] { $count } orders
    }
part-consent =
    { $n ->
        [one] 1 consent
       *[other] { $count } consents
    }
part-family =
    { $n ->
        [one] 1 entry on the family’s health
       *[other] { $count } entries on the family’s health
    }
part-relative =
    { $n ->
        [one] 1 relative or contact
       *[other] { $count } relatives or contacts
    }
part-device =
    { $n ->
        [one] 1 device
       *[other] { $count } devices
    }
part-other =
    { $n ->
        [one] 1 other part of the record
       *[other] { $count } other parts of the record
    }

## Booking a visit

book-title = Book a visit
book-button = Book a visit
book-not-urgent = Not for emergencies: call the emergency number at once if somebody is in danger.
book-none = No visit can be booked here yet
book-call = Please call us: { $phone }
book-how-instant = Choose a time.
book-how-request = Tell us when you can; we offer a time.
book-how-view-only = We book it with you.
book-anyone = Anyone
book-whom = With whom
book-times-title = { $kind }: choose a time
book-full = Nothing is free in these days
book-full-more = Look at later days, or choose somebody else.
book-earlier = Earlier days
book-later = Later days
book-check = Is this right?
book-with = { $kind } with { $with }
book-now = Book it
book-move = Move it to this time
book-other-time = Another time
book-other-kind = Another kind of visit
book-reason = What is it about?
book-reason-hint = Your doctor or nurse sees this; the reception does not.
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
book-from-wrong = Choose a day from today on that is not too far ahead.
book-until-wrong = Choose a day that is not before the first.
book-taken = Somebody else has just taken this time. Nothing was booked. These are free:
book-twice = You have another visit at that time. Nothing was booked. These are free:
book-past = That time is over. Nothing was booked. These are free:
book-done = It is booked.
book-asked-done = The reception has your question and answers with a time.
book-cancelled-done = It is cancelled.
minutes-long =
    { $n ->
        [one] 1 minute
       *[other] { $n } minutes
    }
visit-asked = You asked for a time. The reception answers.
visit-offered = The clinic offers you this time
visit-booked = Booked
visit-wanted = You can come: { $days }
visit-accept = Yes, take this time
visit-decline = No, not this time
visit-calendar = Put it into my calendar
visit-move = Choose another time
visit-cancel = Cancel this visit
visit-until = You can change it here until { $when }.
visit-too-late = It is too late to change it here.
visit-all = All my visits
visit-open-it = Change or cancel
visits-asked = You asked for a time
ics-summary = Visit at { $clinic }

## The reception's day

grid-title = Everybody’s hours
grid-scroll = Everybody’s hours, scrolls sideways
grid-empty = Nobody works on this day
grid-empty-more = Working hours stand under Settings.
grid-off = No hours
grid-free = Free
grid-free-book = , book
board-title = Who is where
board-waiting = Waiting
board-in-room = In the room
board-expected = Expected next
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
booking-over-hint = The reason stands in the access log.
booking-do-expected = Not here yet
booking-do-arrived = Arrived
booking-do-in-room = In the room
booking-do-done = Done
booking-do-noshow = Did not come
booking-do-cancel = Cancel
desk-taken = This time is taken. Say why it may lie over another, or choose another time. Nothing was booked.
desk-twice = The patient has another appointment at this time. Nothing was booked.
desk-past = This time is over. Nothing was booked.
requests-title = Booking requests
requests-none = Nobody waits for a time
requests-none-more = Patients who ask for a time appear here.
request-line = { $kind }, { $days }. Asked { $asked }
request-answer = Answer
request-time = Time
request-fits = { $time } (fits)
request-how = Book it if it fits what they asked for. Offer it if not: the time is held until they answer.
request-book = Book it
request-offer = Offer it
request-decline = Decline
request-later = Answer later
request-no-time = No time is free in the two weeks from the first day that they asked for.

## The clinic's settings

settings-title = What the clinic has settled
settings-lead = Patients see these names and times when they book or write.
settings-saved = Saved. It counts from now on.
settings-change = Change
settings-save = Save
settings-leave = Leave it as it was
settings-spanish = In Spanish
settings-offered = Offered
settings-offered-now = Offered to patients now
settings-hours = Opening and working hours
settings-open = The clinic
settings-rules = Rules for booking
settings-notice = Patients can change a visit until
settings-notice-hint = Hours before it. Later they call.
settings-horizon = Patients see free times
settings-horizon-hint = Days ahead.
settings-hold = An offered time is held
settings-hold-hint = Hours. After that it goes to the next person.
settings-phone = Telephone for patients
settings-missing = Something has to stand here.
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
days-long =
    { $n ->
        [one] 1 day
       *[other] { $n } days
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
pool-reception = The reception
pool-nurses = The nurses
pool-doctors = The doctors

## The health administrator: approvals

approvals-about = What leaves the box at its console, or to another program in bulk, needs your word. For the console it is a code that is good once, for 15 minutes.
approval-what = What may leave the box
approves-take-back = Bringing something back from a backup
    .more = At the console, one patient’s record or one resource is put back as it was when the backup was made, as new versions.
approves-audit-export = The whole access log
    .more = As a file from which a stranger can check it. It names staff and patients by number, and holds what was searched and why.
approval-no-what = Choose what may leave the box.
approval-reason = Why
approval-reason-hint = Who asked for it, and what for. It stands in the access log.
approval-no-reason = Say why: it stands in the access log.
approval-long-reason = Say it in at most { $most } characters.
approval-make = Make a code
approval-code = The code, shown this once
approval-code-more = Good until { $time }, for one export. Whoever stands at the box’s console types: chartbox audit export --to FILE --approve CODE
approvals-open = Good now
approvals-none = None
approvals-none-more = A code that was used or has ended is not shown here; the access log has them all.
approval-by = by { $name }, until { $time }
exports-waiting = Programs that ask to take records away
exports-about = Nothing leaves before you approve. What you approve can be fetched by that program alone, until it ends by itself; what patients sealed is never in it. If you do not know the program, refuse, and ask the operator.
export-everything = Everything in the box
export-patients = The records of all patients
export-some-patients =
    { $n ->
        [one] The record of 1 patient
       *[other] The records of { $count } patients
    }
export-group = The records of a group of patients
export-asked = { $name } asked { $time }
export-only = Only: { $kinds }
export-since = Only what was changed after { $time }
export-approve = Approve
export-refuse = Refuse

## The operator: backups

backups-about = Encrypted copies of everything, outside the box
backups-none = No place for backups is set up
    .more = If this box is lost, everything in it is lost. Connect a disk or a share, list it in the configuration, and restart the box:
    .section = [backup]
    .example = targets = {"{"} usb = "/media/usb/chartbox" {"}"}
backups-sheet = On a new computer, the folder of a backup and the recovery sheet are enough to bring everything back. Keep the sheet where the box is not.
backup-to = To { $target }.
backup-last = Last backup
backup-never = Never
backup-holds =
    { $n ->
        [one] { $new } were new, of { $holds } in all; it took { $seconds } s. It is the only backup there.
       *[other] { $new } were new, of { $holds } in all; it took { $seconds } s. { $count } backups are there.
    }
backup-lose = If the box were lost now, what was written since would be lost.
backup-error = The last attempt, { $date }, did not work: { $error }
backup-run = Back up now
drill-last = Last try to restore
drill-never = Not tried yet
    .more = A backup is none until it was restored. The box tries by itself after the first backup, and then again and again.
drill-passed = Passed { $date }
drill-failed = Failed { $date }
    .more = Make a new backup and try again. If that fails too, use another disk.
drill-held = { $rows } rows, { $entries } entries of the access log and { $samples } rows taken at random came back as they were, in { $seconds } s.
drill-run = Try to restore now
busy-backup = A backup is being made, since { $time }. Reload the page to see how it went.
busy-drill = The box is trying to restore, since { $time }. Reload the page to see how it went.
busy-prune = Old backups are being removed, since { $time }.

## The operator: health of the box

health-title = Health of the box
health-checked = { $host }, checked { $time }
health-stolen = If this box is stolen
health-lost = If this box is lost
health-backups = All about backups
health-log = The access log
health-machine = Machine
health-network = Network
health-no-patients = This page holds no patient data, and your role cannot open any.
health-unlock = How it unlocks
unlock-credential = By a key that systemd unseals
    .more = It starts by itself after a power cut. Whether this machine’s TPM seals the key, the box cannot see. Without one the key lies on the same disk, which is then not protected when it is stolen.
unlock-tpm = By this machine’s TPM
    .more = It starts by itself after a power cut. A disk taken out of the box cannot be read: the TPM seals the key, bound to Secure Boot.
unlock-tpm-unbound = By this machine’s TPM
    .more = It starts by itself after a power cut. A disk taken out of the box cannot be read. Secure Boot is off, so the TPM gives the key to any system that is started on this machine.
unlock-host-key = By a key on the same disk
    .more = It starts by itself after a power cut. Not protected against a stolen disk: systemd hands the key in, and what seals it lies on the same disk, since this machine had no TPM to use.
unlock-passphrase = By a passphrase at each start
    .more = After a power cut somebody must type it. Without it nothing on the disk can be read.
unlock-key-file = By a key file
    .more = It starts by itself after a power cut. Not protected against a stolen disk: the key lies beside the store.
unlock-demo = Demo: not protected
    .more = The key of a demo lies open in its folder. Never put a real record into it.
## The operator: keys

keys-about = The records are encrypted under one key. Each way to unlock opens it on its own.
keys-ways = Ways to unlock
keys-add = Add a way
keys-rotating = A new root key waits
keys-rotating-more = When the box starts again it copies its records under the new key, before it answers. Until then nothing can be added or removed here. To stay with the old key, run “chartbox key rotate --cancel” at its console.
keys-add-sheet = New recovery sheet
keys-add-sheet-more = When the sheet is lost, worn, or was seen by somebody. The old one opens the box until you have shown that the new one is kept.
keys-add-sheet-button = Print a new sheet
keys-sheet-before = The sheet is shown once. Have a printer ready, or paper and a pen, and nobody looking over your shoulder.
keys-sheet-show = Show the new sheet
keys-add-passphrase = A passphrase
keys-add-passphrase-more = Somebody types it each time the box starts: a stolen box stays shut. As long as a way without a person is there too, that one counts.
keys-add-passphrase-button = Add a passphrase
keys-add-tpm = A key sealed by this machine
keys-add-tpm-more = The box starts by itself, and with a TPM a stolen disk stays shut. It takes the machine’s own rights, so run this at its console, as root:
keys-passphrase = New passphrase
keys-passphrase-hint = Four unrelated words are easy to remember and hard to guess.
keys-passphrase-again = The same once more
keys-passphrase-differs = The two are not the same. Nothing was changed.
keys-own-password = Your own password
keys-own-password-hint = The one you sign in with: it shows that it is you who changes this.
keys-own-password-wrong = This is not your password. Nothing was changed.
keys-root = The root key
keys-root-number = This is number { $n }.
keys-root-more = Change it when somebody may hold an old sheet or passphrase together with an old copy of the disk or of a backup. The box makes a new one and copies its records under it. It takes the sheet and the passphrases that remain, so run this at its console:
slot-passphrase = Passphrase
    .more = Somebody types it after each start.
slot-recovery-sheet = Recovery sheet
    .more = Paper with 24 words. It opens the box and its backups when all else is lost.
slot-credential = Key from systemd
    .more = Handed in at the start. Whether this machine’s TPM seals it, the box cannot see.
slot-host-key =
    .more = Handed in at the start, sealed by a key on the same disk: this machine had no TPM to use.
slot-tpm =
    .more = Handed in at the start, sealed by this machine’s TPM and bound to Secure Boot. When Secure Boot is switched, the box starts locked.
slot-tpm-unbound =
    .more = Handed in at the start, sealed by this machine’s TPM. Secure Boot is off, so any system that is started on this machine gets it.
slot-key-file = Key file
    .more = It lies beside the records. The box starts by itself, and a stolen disk can be read.
slot-demo = The demo’s key
    .more = It lies open in the demo’s folder.
slot-good = In use
slot-weak = Not protected against a stolen disk
slot-unsure = Not sure to protect
slot-left = Does not open the next root key
slot-made = Slot { $id }, made on { $date }
slot-open = Details
slot-prove = Prove it
slot-remove = Remove this way to unlock
slot-remove-more = It will not open this box any more.
slot-remove-rotate = At the box’s own console:
slot-remove-button = Remove it
sheet-new = The new recovery sheet
sheet-once = It is shown this once
sheet-once-more = Print this page, or copy the words by hand. Take no photo of it, and send it nowhere: whoever has it can read everything in the box.
sheet-words-spoken = The 24 words in six rows; the last of each row checks the row
sheet-qr-spoken = QR code with the 24 words
sheet-how = To unlock a box, type the rows into its page, or run “chartbox key unlock”. Four letters of a word are enough. The last word of a row checks the row, so that a mistake is found where it is. The code holds the same words, for a scanner.
sheet-log-key = Key of the access log
sheet-authority = Certificate authority
sheet-keep = Keep this sheet where the box is not. Whoever holds it can read everything in the box and in its backups.
sheet-prove = Show that the sheet is kept
sheet-prove-more = Fetch the sheet from where it is kept, and type these words from it. Capital letters do not matter, and four letters are enough.
sheet-prove-now = Put the printed sheet in front of you, and type these words from the paper. Only then does the sheet before it stop opening the box.
sheet-prove-button = These are the words
sheet-prove-later = Later
sheet-prove-console = This sheet is from before its words were asked back. Show it at the box’s own console:
sheet-word = Row { $row }, word { $word }
sheet-word-wrong = This is not word { $word } of row { $row }. Look at the sheet once more.
covered = Covered
not-covered = Not covered
covers-disk = The disk alone is stolen
covers-backup = A backup is stolen or found
covers-box = The whole box is stolen while it is switched off
covers-repair = The box is thrown away or sent to repair without its TPM
health-sheet = Recovery sheet
sheet-kept = Proved { $date }
    .more = Some of its words were typed in correctly. Without this sheet and without the box, no backup can be read.
sheet-unproven = Not proved yet
    .more = Nobody has shown that the sheet is kept. Under Keys, type in the words that are asked of it; or print a new one.
covers-nothing = Nothing: a demo is for looking around
lacks-box = The whole box is stolen: it unlocks itself when it starts. A passphrase at each start covers this.
lacks-other-system = Another system is started on the stolen box. Secure Boot covers this.
lacks-root = Someone with administrator rights on the running box
lacks-disk = The disk is stolen: its key lies on it
lacks-disk-unless = The disk is stolen, unless a TPM seals the key
lacks-demo = Everything: whoever has the folder reads it
health-chain = Entries
log-whole = Verified { $date }
    .more = Complete and unchanged.
log-tampered = Not whole, { $date }
    .more = Keep the box as it is and tell the health administrator.
log-unverified = Not verified yet
    .more = The health administrator can verify it, or “chartbox audit verify” at the console.
health-checkpoint = Last checkpoint
    .more = Signed; what lies under it cannot be changed unseen once a copy of it is kept outside the box.
health-records = Resources in the record
records-of =
    { $n ->
        [one] Of 1 patient. Numbers only: none of them can be opened here.
       *[other] Of { $patients } patients. Numbers only: none of them can be opened here.
    }
health-disk = Disk
disk-used = { $percent } % used
disk-of = { $used } of { $total }. The records take { $store }.
health-memory = Memory
memory-of = Of { $total }.
memory-of-peak = Of { $total }. Most since start: { $peak }.
health-version = Version
health-since = Running since
health-certificate = Certificate
until-long = Valid until { $date }
certificate-renews = Own authority. It renews itself on { $date }.
certificate-authority = Devices trust the authority until { $date }. Its fingerprint, to compare on devices:
health-clock = Clock
    .more = The access log relies on it.
clock-right = Set by a time server
clock-alone = Follows no time server
clock-unknown = Not known
listener-clinic = Clinic
    .more = Staff, and patients on the clinic’s network.
listener-portal = Portal
    .more = Patients from outside the clinic.
listener-welcome = Welcome page
    .more = Tells new devices how to trust this box. Shows no records.
listener-ops = Measurements
    .more = For monitoring on this machine only.
listener-answers = Answers
presence-probing = It is asking the network whether its name is free.
presence-announced = Devices on this network find it by its name.
presence-conflict = Another machine on this network has its name, so it is no longer announced. Find the other machine, or use another name that the certificate covers; then restart the box.
presence-stopped = Its name is not announced. Use another name that the certificate covers.
presence-own-machine = It answers on this machine only, so its name is not announced.
presence-off = Its name is not announced.
listener-off = Off
listener-broken = Does not answer
signed-in-now =
    { $n ->
        [0] Nobody is signed in now.
        [one] 1 session is open now.
       *[other] { $n } sessions are open now.
    }
verdict-well = Everything works
verdict-needs =
    { $n ->
        [one] Everything works. One thing needs you.
       *[other] Everything works. { $n } things need you.
    }
verdict-grave =
    { $n ->
        [one] Something is wrong and needs you now
       *[other] { $n } things need you; at least one of them now
    }
trouble-log = The access log is not as it was written. Keep the box as it is and tell the health administrator.
trouble-backup = { $target } has no backup that is new enough, or one that is damaged. If the box is lost now, so is what was written since.
trouble-backup-late = The last backup to { $target } did not work, or is late. The page about backups says why.
trouble-drill = A backup on { $target } did not come back as it should when the box tried to restore it, or that was not tried for long.
trouble-no-backup = No place for backups is set up: if this box is lost, everything in it is lost.
trouble-disk = The disk has { $free } % left, { $bytes }. Free some space before the box has to refuse what people write; records could then still be read.
trouble-disk-low = The disk has { $bytes } left, which is kept for reading: whatever people write is refused, and records can be read. Free some space.
trouble-disk-full = The disk is full to the last byte: nothing can be written, and no record can be opened, because the access log cannot be written. Free some space.
trouble-certificate = The certificate is valid until { $date } only, and should have renewed itself. Restart the box, and look at its log.
trouble-listener = { $address } does not answer. Another program may use this port.
trouble-clock = The machine’s clock follows no time server. Times in the access log may be wrong.
trouble-credential = Whether a stolen disk can be read depends on this machine’s TPM, and the box cannot see whether one seals the key.
trouble-sheet = Nobody has shown yet that the recovery sheet is kept. If it is lost and the box breaks, no backup can be read. Prove it under Keys.
trouble-key = The key lies on the same disk as the records: a stolen disk can be read. Add a passphrase, or a TPM.

## The operator: accounts

accounts-sum =
    { $n ->
        [one] 1 account, { $disabled } switched off
       *[other] { $n } accounts, { $disabled } switched off
    }
accounts-patients = Accounts of patients are not listed here: their names are patient data.
account-add = Add an account
account-make = Make this account
account-first-password = A first password is made and shown once. It must be changed at the first sign-in.
account-choose-role = Choose a role.
account-heading = This account
account-made = Made
account-sessions = Open sessions
account-actions = What you can do
account-new-password = Give this first password to its owner
account-new-password-more = It is shown here this once and stands nowhere else. It must be changed at the first sign-in.
account-reset = New first password
account-reset-more = Ends all sessions. For somebody who cannot sign in any more.
account-reset-button = Make one
account-end-sessions = End all sessions
account-end-sessions-more = On every device. They can sign in again.
account-end-sessions-button = End them
account-disable = Switch off
account-disable-more = Ends all sessions; nobody can sign in. What was done stays in the log.
account-disable-button = Switch off
account-enable = Switch on
account-enable-more = Its owner can sign in again with the same password.
account-enable-button = Switch on
account-enabled = On
account-first = First password in use
account-disabled = Switched off
role-service = Program
about-nurse = As a doctor, without prescribing and signing.
about-reception = Registers patients, sees their appointments. Cannot see anything clinical.
col-name = Name
col-role = Role
col-last = Last used
never = never

## One's own account

account-title = Your account
my-sessions = Where you are signed in
session-this = This one
session-line = Since { $since }, last used { $last }.
session-from = From { $origin }.
session-end = End
session-end-others = End all others
device-on = { $browser } on { $system }
device-unknown = A device that does not say what it is
account-language = Language
account-language-save = Use this language
password-change = Change your password
password-current = Password now
password-new = New password
password-again = New password once more
password-save = Save the new password
password-differs = This is not the same as the line above.
password-wrong = This is not your password now. Nothing was changed.
password-same = This is the password that you have. Choose another one.
new-password-title = Choose your own password
new-password-lead = The one that you have was chosen by somebody else. After this, only you know it.

## Tests and measurements in plain words

lab-hba1c = Long-term blood sugar
    .about = This test shows your average blood sugar over the last two to three months.
lab-glucose = Blood sugar
    .about = This test shows how much sugar was in your blood at that moment. Meals change it.
lab-egfr = Kidney function
    .about = This value estimates how well your kidneys clean your blood. Higher is better.
lab-creatinine = Creatinine
    .about = Creatinine is waste from your muscles that the kidneys remove. It helps to see how the kidneys work.
lab-urea = Urea
    .about = Urea is waste from food and the body’s own protein. The kidneys remove it.
lab-sodium = Sodium
    .about = Sodium is a salt that keeps the water in your body in balance.
lab-potassium = Potassium
    .about = Potassium is a salt that muscles and heart need in the right amount.
lab-chloride = Chloride
    .about = Chloride is a salt that goes together with sodium.
lab-carbon-dioxide = Carbon dioxide in the blood
    .about = This value helps to see whether your blood is neither too acid nor too alkaline.
lab-calcium = Calcium
    .about = Calcium is needed for bones, nerves and muscles.
lab-cholesterol = Total cholesterol
    .about = Cholesterol is a fat in the blood. The total counts its helpful and its harmful part together.
lab-ldl = LDL cholesterol
    .about = This part of cholesterol can settle in the blood vessels. Lower is better.
lab-hdl = HDL cholesterol
    .about = This part of cholesterol carries fat away from the blood vessels. Higher is usually better.
lab-triglycerides = Triglycerides
    .about = Triglycerides are fats in the blood that come from food. A meal before the test raises them.
lab-haemoglobin = Haemoglobin
    .about = Haemoglobin is the red colour of your blood; it carries oxygen. Too little makes tired and pale.
lab-haematocrit = Share of red cells in the blood
    .about = This value shows which part of your blood is made of red cells.
lab-red-cells = Red blood cells
    .about = Red blood cells carry oxygen through the body.
lab-white-cells = White blood cells
    .about = White blood cells fight infections. Many different things can raise or lower them.
lab-platelets = Platelets
    .about = Platelets help to stop bleeding.
lab-mcv = Size of red blood cells
    .about = The size of red cells helps to find out why somebody has too few of them.
lab-crp = C-reactive protein
    .about = This protein rises when there is an inflammation or infection in the body.
lab-alt = ALT, a liver enzyme
    .about = This enzyme rises when liver cells are irritated.
lab-ast = AST, a liver and muscle enzyme
    .about = This enzyme rises when liver or muscle cells are irritated.
lab-alp = Alkaline phosphatase
    .about = This enzyme comes from liver and bones.
lab-bilirubin = Bilirubin
    .about = Bilirubin is left over from old red blood cells. The liver removes it.
lab-albumin = Albumin
    .about = Albumin is a protein that the liver makes; it shows how well you are nourished and how the liver works.
lab-protein = Protein in the blood
    .about = This value counts all proteins in your blood together.
lab-urine-albumin = Protein in the urine
    .about = Healthy kidneys keep protein in the blood. Protein in the urine can be an early sign that they need care.
lab-tsh = Thyroid control (TSH)
    .about = This hormone tells the thyroid how hard to work. A high value usually means that the thyroid is slow.
lab-ferritin = Iron store (ferritin)
    .about = This value shows how much iron your body has in store.
lab-vitamin-d = Vitamin D
    .about = Vitamin D is needed for bones and muscles. The skin makes it in the sun.
lab-psa = PSA, a prostate value
    .about = This protein comes from the prostate. Many harmless things can raise it.
lab-inr = Blood clotting (INR)
    .about = This value shows how quickly your blood clots. It guides the dose of some blood thinners.
lab-blood-pressure = Blood pressure
    .about = The first number is the pressure while the heart beats, the second while it rests.
lab-pulse = Pulse
    .about = How often your heart beats in a minute.
lab-breathing = Breathing
    .about = How often you breathe in a minute.
lab-temperature = Body temperature
    .about = How warm your body is.
lab-oxygen = Oxygen in the blood
    .about = How much of your blood’s red colour carries oxygen.
lab-weight = Weight
    .about = What you weigh.
lab-height = Height
    .about = How tall you are.
lab-bmi = Weight for height (body mass index)
    .about = This number sets your weight in relation to your height. It cannot tell muscle from fat.
lab-head = Head size
    .about = In young children, the growth of the head shows how the brain grows.
lab-pain = Pain
    .about = How strong your pain was, from 0, none, to 10, the worst you can imagine.
lab-smoking = Smoking
    .about = What you told us about smoking.
lab-phq2 = Mood, two questions
    .about = Two questions about your mood in the last two weeks. From 3 points, more questions are asked.
lab-phq9 = Mood, nine questions
    .about = Nine questions about your mood in the last two weeks. More points mean a heavier load.
lab-gad7 = Worry and tension, seven questions
    .about = Seven questions about worry and tension in the last two weeks. More points mean a heavier load.
lab-audit-c = Alcohol, three questions
    .about = Three questions about how you drink alcohol. More points mean more risk to your health.

## The clinic's day

today-other-days = Other days
today-day-before = The day before
today-day-after = The day after
today-today = Today
today-sum =
    { $all ->
        [0] No appointments
        [one] 1 appointment, { $done } done, { $here } arrived{ $missed ->
            [0] {""}
           *[other] , { $missed } did not come
        }
       *[other] { $all } appointments, { $done } done, { $here } arrived{ $missed ->
            [0] {""}
           *[other] , { $missed } did not come
        }
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
find-joined = Joined to another record, which it opens
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
patient-born-hint = Day, month, year, such as 09.05.1967. Where no more is known, month and year or the year alone.
patient-born-unknown = The birth date is not known
patient-sex = Sex
patient-phone = Phone number
patient-street = Street and number
patient-postcode = Postcode
patient-town = Town
sex-female = Female
sex-male = Male
sex-other = Other
sex-unknown = Not known
    .alone = Sex not known
born-unknown = not known
    .alone = birth date not known
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
register-no-born = Type the birth date, or as much of it as is known. If nothing is known, say so below.
register-born-both = A date stands here, and below it says that the birth date is not known. Leave one of the two.
register-born-unread = This is no date. Type day, month and year, such as 09.05.1967, or as much of it as is known: 05.1967 or 1967.
register-born-future = This date lies in the future.
register-born-old = This date lies more than 130 years back.
register-no-sex = Choose the sex. “Not known” is an answer too.
register-phone-unread = A phone number has digits, and may have spaces, a plus and hyphens.
patient-language = Language
patient-language-hint = In which they speak best.
patient-language-none = Not recorded
language-ar = Arabic
language-bn = Bengali
language-zh = Chinese
language-en = English
language-fr = French
language-de = German
language-hi = Hindi
language-it = Italian
language-fa = Persian
language-pl = Polish
language-pt = Portuguese
language-pa = Punjabi
language-ro = Romanian
language-ru = Russian
language-so = Somali
language-es = Spanish
language-tr = Turkish
language-uk = Ukrainian
language-ur = Urdu
language-vi = Vietnamese
correct-title = Correct the details
correct-title-of = Correct the details of { $which }
correct-former = The old name was right once, such as before a marriage: keep it as a former name.
correct-reason = Why, and how do you know?
correct-reason-hint = Needed where name, birth date or sex change. It stands in the access log, and the patient can read it. Nothing clinical.
correct-reason-missing = Say why name, birth date or sex change and how you know, such as “Passport shown”.
correct-save = Save
correct-different = Save: it is somebody else
correct-alike-more = Nothing was saved yet. If it is the same person, leave this and have the two records joined. If not, save below.
correct-done = The details were corrected.
correct-done-invitation = The details were corrected. The invitation to the portal has ended, because its code was bound to the old birth date: make a new one.
correct-unchanged = Nothing was changed.
numbers-title = Numbers of this patient
numbers-link = Correct or end a number, such as the insurer’s
numbers-none = No number is recorded
numbers-which = Which number
numbers-which-missing = Choose the number. If it is not in the list any more, somebody else changed it.
numbers-value = The right number
numbers-value-hint = As it is printed. To say that a number counts no more, or again, leave this empty.
numbers-value-missing = Type the right number, or choose “This number counts no more”.
numbers-reason-hint = It stands in the access log, and the patient can read it. Nothing clinical.
numbers-reason-missing = Say why and how you know, such as “Insurance card shown”.
numbers-taken = Another patient has this number. Look for them by it: if it is the same person, have the two records joined. Nothing was changed.
numbers-correct = Correct this number
numbers-end = This number counts no more
numbers-corrected = The number was corrected.
numbers-value-besides = You typed another number here. To change the number, choose “Correct this number”. To say that it counts no more, or again, empty this line.
numbers-not-ended = The clinic calls the record by this number, so it does not end. It can be corrected.
numbers-ended-already = This number counts no more. If that is wrong, choose “This number counts again” first.
numbers-counts-already = This number counts already.
numbers-again = This number counts again
numbers-counts-again = The number counts again.
numbers-of-before = { $number } (of before)
numbers-ended = The number counts no more. It stays among those of before. If that was a mistake, choose it below and say that it counts again.
numbers-ended-on = until { $date }
numbers-ended-once = of before
numbers-of-the-box = given by this clinic; it stays
numbers-kind-clinic = Clinic number
numbers-kind-record = Record number
numbers-kind-state = State number
numbers-kind-insurance = Insurance number
numbers-kind-driver = Driving licence
numbers-kind-passport = Passport
numbers-kind-other = Number
reach-phone = Phone
reach-mobile = Mobile
reach-work = Phone at work
reach-email = E-mail
reach-other = Other
reach-address = Address
reach-contact = To contact
details-no-reach = No phone number or address is recorded.
details-no-appointments = No appointments.
details-shut = Not open to you: the patient’s consent keeps it from the clinic.

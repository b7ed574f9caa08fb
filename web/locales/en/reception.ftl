## The calendar

schedule-title = Calendar
schedule-day = The day
schedule-week = The week
schedule-closed = Closed: { $why }
schedule-before = Earlier
schedule-after = Later
schedule-to-day = Day
schedule-to-week = Week
schedule-everybody = Everybody
schedule-shortened = More is booked here than this page shows. Look at the days one by one.
schedule-free =
    { $n ->
        [one] 1 time free
       *[other] { $n } times free
    }
move-here = Move here
moving-line = { $name }, { $when }: choose a free time.
moving-leave = Leave it where it is
moving-picked = Picked up. Choose a free time with the arrow keys, then press Enter. Escape leaves it where it is.
moving-left = Left where it was.
keys-move = moves the appointment that has the focus
booking-in-schedule = Choose in the calendar
booking-any-time = Any other time
booking-day-of = Day
booking-beside = Book somebody else at the same time
booking-when-gap = This time is not there: in that night the clocks go forward over it. Choose another. Nothing was moved.
booking-move-late = Somebody else changed this visit before you, and it cannot be moved any more. Nothing was moved, and what you sent told the patient nothing. This is how it stands now.
check-in-late = Somebody else checked this visit in, or changed it, before you. What you had typed is not saved: write what still counts into the patient’s details. Insurance is written at the check-in alone: choose “Not here yet” for the visit, and check it in again.
booking-when-unread = Choose a day, a time and with whom. Nothing was moved.

## Blocked times

blocks-title = Blocked times
blocks-lead = No appointment is booked in these. Appointments that are there already stay.
blocks-coming = The next four months
blocks-none = Nothing is blocked.
block-plain = Blocked
block-new = Block a time
block-with = With whom
block-what = What for
block-what-hint = Everybody at the desk reads this, such as “Home visits” or “Meeting”. Nothing about a patient.
block-what-missing = Say what the time is for.
block-day = Day
block-day-wrong = Choose a day from today on.
block-from = From
block-to = To
block-time-wrong = The end must be later than the beginning, both as times of day.
block-gap = This time is not there: in that night the clocks go forward over it. Choose another.
block-repeat = How often
block-once = Once
block-workdays = Every working day
block-weekly = Every week
block-every-other-week = Every other week
block-until = Last day
block-until-hint = For what comes more than once.
block-until-wrong = Choose a last day that is not before the first.
block-many = This would be more than { $most } times. Choose an earlier last day.
block-visits =
    { $n ->
        [one] 1 appointment is booked in this time. Nothing was blocked yet.
       *[other] { $n } appointments are booked in this time. Nothing was blocked yet.
    }
block-anyway = Block it all the same; the appointments stay.
block-make = Block this time
block-done = It is blocked.
block-removed = It is free again.
block-remove = Free it
block-remove-all = Free this and all that follow

## Checking in

check-in-title = Check in
check-in-other-day = This appointment is on { $date }, not today.
check-in-other-day-sure = They are here today all the same, for this appointment.
check-in-other-day-missing = Look whether it is the right appointment, and say that they are here for it today.
check-in-other-day-yes = Yes, they are here
check-in-button = Check in
check-in-who = Who is it?
check-in-name = Name
check-in-born = Birth date
check-in-clinic-number = Number
check-in-others = The appointment is for others too:
check-in-others-more = Ask them for name and birth date as well. Their telephone and address are changed in their own details.
check-in-asked = I asked for name and birth date, and they are these.
    .more = I asked for the name and for what else tells who they are, and it is this patient.
check-in-asked-missing = Ask for name and birth date, and say that they fit. Somebody else’s record may be open otherwise.
    .more = Ask for the name and for something besides, such as the address, and say that they fit. Somebody else’s record may be open otherwise.
check-in-born-partly = Of the birth date no more than this is known. Ask for the whole date, and for something besides, such as the address.
check-in-no-born = The birth date is not known. Ask for it, and for something besides, such as the address.
check-in-insurance = Insurance
check-in-payer = Insurer
check-in-payer-hint = Leave it empty for somebody who pays themselves.
check-in-payer-missing = Name the insurer, or leave number and date empty too.
check-in-number = Number at the insurer
check-in-until = Valid until
check-in-email-unread = This is no e-mail address. Ask for it again, or leave it empty.
check-in-forms = Forms
check-in-forms-none = No form belongs to this appointment.
check-in-form-returned = Returned
check-in-form-some = Returned by { $n } of { $all }
check-in-form-open = Not returned yet
check-in-form-open-more = It can be filled in now, in the patient’s own pages.
check-in-arrived = They have arrived
check-in-leave = Leave it

## Inviting somebody to the portal

invitation-title = Portal invitation
invitation-lead = Prints a sheet with a code. With it and their birth date the patient makes their own account. The code is good once and for two weeks.
invitation-has-account = There is an account for the portal already.
invitation-no-born = The birth date is not known, and the code is bound to it. Find out the date first and write it down; then make the invitation.
invitation-born-partly = Of the birth date no more is known than this: { $born }. The code is bound to the whole date. Find it out first and write it down; then make the invitation.
invitation-make = Make an invitation
invitation-earlier = A new one ends the one that is open.
invitations = Invitations
invitation-until = Good until { $date }
invitation-open = Open
invitation-used = Used
invitation-revoked = Taken back
invitation-over = Over
invitation-tries = Ended after ten wrong birth dates
invitation-revoke = Take it back
invitation-once = This is shown once
invitation-once-more = Print it and hand it over. The box keeps no copy of the code.
invitation-sheet = Your own record at { $clinic }
invitation-for = For { $name }
invitation-open-address = Open this address, or point the camera of a phone at the picture:
invitation-born = You are asked for your birth date, too.
invitation-good-until = Good once, until { $date }. Keep it to yourself until then.
invitation-inside = This address works on the clinic’s network only.
invitation-back = The invitations of this patient
invitation-qr-spoken = The address with the code

## The waiting list at the desk

waiting-list = Waiting list
waiting-list-lead = A time that becomes free is offered by itself to the first whom it fits, and held for them.
waiting-list-none = Nobody waits
waiting-list-none-more = Patients who wait for a time appear here.
waiting-offered = { $time } is offered, held until { $until }
waiting-open = Open

## Forms before visits, for the staff

visit-type-form = Form before the visit
visit-type-form-none = None
visit-type-form-hint = Patients find it in their own pages and fill it in before they come. The reception sees whether it came back, and not what stands in it.
forms-returned = Forms returned
form-returned = Form returned
form-returned-of = Form returned by { $name }
form-returned-for = Form returned: { $kind }
form-before-visit = Form before a visit
form-seen-done = You have read this form. It waits in nobody’s inbox any more.
forms-none = No form came back yet
form-of = Filled in
form-said-by = In the patient’s own words
form-said-by-other = Answered by { $who }, who acts for the patient
form-said-by-somebody = somebody
form-for-visit = For the visit { $when }

## Two records of one person

duplicates-lead = Two records of one person are joined here, and made two again if that was wrong. Nothing clinical is shown.
duplicates-first = Find one of the two
duplicates-second = Find the other one
duplicates-who = Name, birth date or number
duplicates-nobody = Nobody else is like this
suspects-title = Who may be one person
suspects-lead = Records whose names, birth dates or numbers are as alike as when a patient is registered twice, the most alike first. Nothing clinical is shown.
suspects-none = Nobody seems to be here twice
suspects-none-more = No two records are so alike that they may be one person’s.
suspects-number = One number stands in both
suspects-born = The same birth date, and names much alike
suspects-slip = The same name, and a birth date that one slip explains
suspects-compare = Compare
suspects-apart = Not the same person
suspects-more = There are more. Decide these first; the next ones then follow.
suspects-said = Said to be two people
suspects-said-by = { $when }, by { $by }
suspects-back = They may be one
suspects-done-apart = This pair will not be shown again.
suspects-done-back = These two are looked at again.
merge-title = Are these one person?
merge-entries = Entries in the record
merge-account = Account for the portal
merge-lead = Nothing of the other one is lost: what the record that goes on lacks it takes over, and what differs stays as a former entry. People to contact and the like go over, too.
merge-what-of = What
merge-joined-if = Joined, if { $which } goes on
merge-nothing = Nothing recorded
merge-former = { $what } (former)
merge-numbers = Numbers
merge-keep = Which one goes on?
merge-keep-missing = Choose the record that goes on.
merge-reason = How do you know?
merge-reason-hint = It stands in the access log, and the patient can read it. Nothing clinical.
merge-reason-missing = Say how you know that they are one person.
merge-what = Everything of the other one then stands in the record that goes on, its number leads there, and its account opens it. This can be undone.
merge-button = Join them
merge-leave = Leave it
merge-done = The two records are one now.
merge-undone = They are two records again.
merge-not-two = These are not two records that can be joined. One was joined before.
merge-changed = Somebody changed one of the two meanwhile. Nothing was joined. Look at both again.
merge-not-joined = These are two records already.
merge-later-first = The record that goes on was joined to another one since. Undo that first.
merge-too-many = These records are too large to be joined here. Nothing was changed.
merges = Joined records
merges-none = None was joined yet.
merge-line = { $joined } was joined to { $kept }
merge-by =
    { $n ->
        [one] { $when }, by { $by }, 1 entry
       *[other] { $when }, by { $by }, { $n } entries
    }
merge-undone-at = Made two again { $when }
merge-undo = Make two again
request-answered-meanwhile = Somebody else answered this request before you. What you chose was not done, and the patient was told nothing of it. This is how the visit stands now.

## A record that was joined to another one
record-part = This is a part of the record: another one is said to be of the same person, and what stands there does not stand here. Look at both. The health administrator can join them.
record-part-open = Open the other record
record-joined = The record that you opened was joined to this one. This is the one that goes on.
record-joined-sent = The record that you sent this to was joined to this one meanwhile, so nothing of it was done. What you typed is kept for this record: look at it here, then send it again.

### Everything that a person reads in Chartbox, in English. Plain, kind, exact: say what happened, what was not
### harmed, what to do next. Patients get no abbreviation without its words.

## The frame of every page

skip = Skip to main content
demo-label = Demo
demo-ribbon = Demo: nothing here is protected.
demo-ribbon-more = All people are invented. Do not enter anything about a real person.
nav-main = Main
nav-today = Today
nav-inbox = Inbox
nav-patients = Patients
nav-audit = Access log
nav-approvals = Approvals
nav-health = Health
nav-settings = Settings
nav-formulary = Formulary
nav-backups = Backups
nav-day = Day
nav-schedule = Calendar
nav-duplicates = Duplicates
nav-booking-requests = Booking requests
nav-accounts = Accounts
nav-keys = Keys
nav-home = Home
nav-results = Results
nav-medicines = Medicines
nav-problems = Health problems
nav-allergies = Allergies
nav-visits = Visits
nav-messages = Messages
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
print-foot = { $name }, { $born }. Printed { $now }, by { $by }. { $clinic }.

## Forms

form-choose = Choose
form-most = Up to { $most } characters.
form-too-long = This is too long: { $n } characters. Up to { $most } fit here.
form-optional = optional
form-faults =
    { $n ->
        [one] 1 thing to correct first
       *[other] { $n } things to correct first
    }
form-fault-of = { $field }: { $sentence }

form-kept = Your text from { $when } is kept, and stands below.
form-kept-file = The file that you had chosen is not kept: choose it again.
keep-ended = You are signed out. What you type here is kept for you. When you send or save it you are asked to sign in, and it stands here again.
keep-failed = What you type could not be kept just now. Send or save it, or copy the text.
unsent = There is no network: this was not sent. What you typed stands here. Send it again when the network is back.
form-kept-discard = Begin again
form-meanwhile = This was changed after you opened it, so what you sent is not saved. Nothing was written over.
    .kept = What you typed stands below. Where the record now says something else, that stands beside it. Compare, then save what should stand, or take what stands now.
    .typed = This is how it stands now. What you had typed is kept until you take what stands now.
form-meanwhile-take = Take what stands now
form-gone = The page where you typed this is not there any more.
    .typed = Your words are kept here. Copy what you still need, then take them away.
form-gone-take = Take the words away
form-now = Now stands: { $now }
form-now-nothing = nothing

## What went wrong

problem-not-understood = We could not read this request
    .more = The address or the form was not complete. Nothing was changed. Go back and try once more.
problem-not-signed-in = Please sign in first
    .more = Nothing has been opened.
problem-not-for-role = Your role does not do this
    .more = Nothing was changed. If you need it, ask the clinic’s health administrator.
problem-stale-form = This page was open for too long
    .more = Nothing was saved. It was made before you last signed in. Go back, load the page again, and send it once more.
    .kept = It was made before you last signed in. Nothing was done, and what you typed is kept: load the page again, look it over, and send it once more.
problem-other-record = This page was made for another record
    .more = You have chosen another person’s record meanwhile. Nothing was sent, so that nothing lands with the wrong person. Choose the record that it was for, and write it there.
    .kept = You have chosen another person’s record meanwhile. Nothing was sent, so that nothing lands with the wrong person. What you typed is kept: choose the record that it was for, look it over, and send it there.
problem-nothing-here = There is nothing here, or nothing that you may see
    .more = The address may be mistyped, or the link may be old.
problem-no-record = No record is open to you yet
    .more = Your account works, but it leads to nobody’s record: nobody has let you see theirs, or the permission has ended. The reception can connect you. If you look after somebody, they can give you the permission there too.
problem-not-granted = This is not open to you
    .more = Whoever you act for lets you see their record, and change nothing in it. Nothing was sent and nothing was saved. If you typed something, go back in your browser: it stands there still. They can let you do more under “Who acts for you”.
    .appointments = Whoever lets you act chose appointments and messages only. What concerns their health is not open to you, whatever there is of it. Nothing was sent and nothing was saved. They can let you do more under “Who acts for you”.
problem-try-again = Look again
problem-not-this-way = This address does not work like that
    .more = Nothing was changed. Start again from your first page.
problem-changed-meanwhile = This was changed meanwhile
    .more = It is not as it was when you opened the page. Nothing was overwritten. Load it again, compare, then decide.
problem-gone = This was deleted
    .more = Its history is kept.
problem-proof-needed = Please confirm once more that it is you
    .more = Nothing was changed. Sign out, sign in again, and try once more.
problem-other-name = This box has another name
    .more = It does not answer under the address that you used. Open it under the name that its welcome page shows.
problem-took-too-long = This took too long
    .more = We did not wait for it any longer. What you sent may have been kept all the same: look before you send it again.
problem-too-much-at-once = This is more than we open at once
    .more = Nothing was changed, and nothing is lost. It holds more parts than one page can read together. The clinic’s system that sent it can send it in smaller parts.
problem-too-large = This is too large
    .more = { $most } is the most. Nothing was saved. Go back and choose something smaller. Look whether all that you typed stands there still.
problem-long-text = This is more text than we take at once
    .more = Nothing was saved. Go back in your browser, and look whether all that you typed stands there still. Then make it shorter, or send it in several parts.
problem-too-many = Too many requests
    .more = Wait a minute, then try again. Nothing was changed.
    .until = You can go on at { $time }. Nothing was changed.
problem-unexpected = Something went wrong on our side
    .more = Nothing was saved. Try once more; if it happens again, tell the operator when it was: the box’s log says why.
problem-audit-unwritable = We could not write the access log, so nothing was opened
    .more = Records stay closed until it can be written again. The operator sees why on the health page.
problem-disk-almost-full = The box has no room left to write
    .more = Nothing was saved. Records can still be read. Please tell the operator.
problem-disk-full = The disk is full to the last byte
    .more = Nothing was saved, and nothing was opened, because the access log cannot be written. Nothing was lost. Please tell the operator at once.
problem-not-ready = The box is just starting or stopping
    .more = Nothing is lost. Try again in a minute.
problem-reference = Reference:
problem-back = Back to the first page
problem-again = Load it again
problem-foot = If you did not expect this, tell the clinic’s staff what you were about to do.
sent-already = You sent this already
    .more = The very same was sent { $when }. It was not sent a second time.
sent-already-see = See what was sent
sent-already-again = Send it again
print-head = { $clinic }, printed { $now } by { $by }
print-head-own = from the record at { $clinic }, printed { $now }

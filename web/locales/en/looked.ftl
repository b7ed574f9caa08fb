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
look-listed-other =
    { $n ->
        [one] Their name stood in a list that 1 person saw
       *[other] Their name stood in lists that { $n } people saw
    }
look-listed-more = A list shows your name, birth date and number. Nothing of your health.
look-listed-more-other = A list shows their name, birth date and number. Nothing of their health.
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
look-another-patient = Another patient
look-another-proxy = Somebody who acts for a patient
look-unasked = Nobody asked for it: it was refused
look-theirs-too = It is theirs, too, as a visit for several people is
look-invited = Whoever had the code of an invitation
look-invited-why = To use the portal
look-invited-made = Made an account with the code
look-invited-tried = Tried a code
look-read-mark = Noted that a message was read
look-read-mark-why = So that both sides see that it was read
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
act-withdraw = withdrew what they had added
act-message-read = read a message
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
part-unreleased =
    { $n ->
        [one] something that a doctor still looks through
       *[other] some things that a doctor still looks through
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
part-clinic =
    { $n ->
        [one] 1 of the clinic’s times and settings
       *[other] { $count } of the clinic’s times and settings
    }
part-other =
    { $n ->
        [one] 1 other part of the record
       *[other] { $count } other parts of the record
    }

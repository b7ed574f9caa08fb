## Sharing: the summary, links, people who act for one, what is sealed

nav-share = Share
nav-summary = Summary
summary-title = Patient summary
summary-lead = The most important parts of the record, as another doctor needs them. See it first; then print it or hand it over.
summary-print = Print it
summary-born = born { $date }
summary-of = Patient summary, { $date }
summary-allergies = Allergies
summary-allergies-none = No known allergies
summary-allergies-unknown = Never asked
summary-medicines = Medicines
summary-problems = Health problems
summary-past = Past health problems
summary-immunizations = Vaccinations
summary-results = Latest results
summary-results-more =
    { $n ->
        [one] and 1 more test, which is in the record
       *[other] and { $n } more tests, which are in the record
    }
summary-procedures = Procedures
summary-plans = Care plans
summary-nothing = Nothing is recorded
summary-nothing-here = Nothing in this summary
summary-left-out = What is sealed is left out here, so this may not be all.
summary-sealed = Sealed, and on this page
summary-sealed-more = You see it because it is your record. A link leaves it out. On paper, or when you show this page, it can be read.
summary-without = Messages, notes and documents are never part of a summary. Sealed items are never part of a share.
share-title = Share your summary
share-lead = Give another doctor the most important parts of your record, for as long as you like. You can end it at any time, and you see each time it is opened.
share-new = New share
share-label = For whom
share-label-hint = For example “Bayview Physiotherapy”. Only you see this.
share-label-missing = Say for whom it is.
share-how-long = Open for
share-days =
    { $n ->
        [one] 1 day
       *[other] { $n } days
    }
share-days-missing = Choose how long it is open.
share-make = Make a link and a PIN
share-reaches-portal = The link works wherever the clinic’s portal can be reached. Whether that is so from outside the clinic’s network, the clinic decides.
share-reaches-clinic = The portal is switched off. The link works only inside the clinic’s own network: it is of no use to anybody elsewhere. For them, print the summary.
share-nowhere = Links cannot be made here, because no listener of the box answers to them. Print the summary instead.
share-yours = Your shares
share-none = Nothing is shared
share-none-more = A share stands here with the day on which it ends, and how often it was opened.
share-open-until = Open until { $date }
share-ended-on = Ended { $date }
share-ended-wrong = Ended { $date }, after too many wrong PINs
share-over = Over since { $date }
share-opened =
    { $n ->
        [one] Opened once: { $last }
       *[other] Opened { $n } times, last { $last }
    }
share-opened-never = Not opened yet
share-wrong-pins =
    { $n ->
        [one] 1 wrong PIN was tried
       *[other] { $n } wrong PINs were tried
    }
share-end = End this share now
share-over-count =
    { $n ->
        [one] 1 share that ended
       *[other] { $n } shares that ended
    }
share-see = Before you share
share-see-more = What whoever opens a link sees
share-done-ended = The share has ended. The link opens nothing any more.
share-done-made = The share was made. Its PIN was shown then, and is not shown again; make another one if you did not keep it.
share-too-many = { $n } shares are open, which is the most. End one that is not needed any more.
share-all = All shares
share-made-title = For { $label }
share-made-lead = Hand over the link or the picture, and tell the PIN by another way: by telephone, or in person.
share-pin = PIN, to be told separately
share-until = Open until
share-link = Link
share-hand-on = Hand the link on
share-copy = Copy the link
share-copied = The link is copied. The PIN is not in it.
share-code = Code, without the link
share-code-more = To be typed at { $place }
share-qr = Scan with a phone’s camera. The PIN is not in it.
share-qr-spoken = The share link as a QR code
share-once = PIN and link are shown now and never again.
share-ten = Ten wrong PINs end the share for good.
shared-title = A patient summary for you
shared-lead = Somebody shares a part of their health record with you. You need the PIN that they told you.
shared-code = Code
shared-code-hint = The part of the link behind the # sign, or the whole link.
shared-pin = PIN
shared-pin-hint = Six digits.
shared-show = Show it
shared-file = As a file for another system
shared-told = The person whose record it is sees each time it is opened. Nothing is kept in this browser.
shared-not-opened = Nothing was opened
shared-wrong-pin =
    { $n ->
        [one] This PIN does not belong to this link. One try is left; after that the link ends for good.
       *[other] This PIN does not belong to this link. { $n } tries are left; after that the link ends for good.
    }
shared-over = This link has ended. Ask the person for a new one.
shared-unknown = This is no link of this clinic, or a part of it is missing. Copy the whole link, or scan the picture again.
people-title = Who acts for you
people-short = Somebody who sees or manages your record with you
consents-title = Sealed parts
consents-short = Who may see what is marked as sensitive

## People who act for one

people-lead = Somebody whom you trust can see your record, or look after it for you. You choose how far and until when, and can end it at any moment.
people-add = Let somebody act for you
people-none = Nobody acts for you
people-none-more = Whoever you let stands here, with what they may do and until when.
people-ended = Ended
people-until-line = Until { $date }
people-by-clinic = Entered by the clinic
people-end = End this now
people-done-ended = This has ended. They see nothing any more.
people-done-made = This person may act for you. Their code was shown when you made it, and is not shown again.
people-add-lead = You get a code for this person. With it they make an account of their own; never give anybody your password.
people-name = Their name
people-name-hint = As it will stand in “Who looked”.
people-name-missing = Write the name of the person.
people-name-long = This name is too long: { $most } characters are the most.
people-relation = Who they are to you
people-relation-missing = Say who they are to you.
people-extent = What they may do
people-extent-missing = Choose what this person may do.
people-until = Until when
people-until-hint = Their last day. Leave it empty for “until I end it”.
people-until-wrong = Choose a day that is not over yet, or none.
people-never = Whatever you choose, they cannot share your record further, let others act for you, or see what is sealed.
people-allow = Allow this
relation-partner = Partner
relation-child = Son or daughter
relation-parent = Mother or father
relation-sibling = Brother or sister
relation-friend = Friend
relation-other = Somebody else
extent-view = See
    .more = They read your record and change nothing.
    .may = May see your record
extent-full = See and manage
    .more = They read, book, write messages, ask for medicines, add measurements and documents.
    .may = May see and manage your record
extent-appointments = Appointments and messages only
    .more = They see when and with whom your appointments are and of which kind, book and change them, and write to the reception. What a visit is about, messages about your health and the rest of your record are not open to them.
    .may = May look after appointments and messages only
people-invited = { $name } may act for you
people-invited-lead = Give this code to them and to nobody else.
people-code = Code
people-code-where = To be typed at
people-code-until = Good until
people-code-once = The code is good once, and is shown now and never again. If it is lost, end this and begin anew.
proxy-invitation-title = Act for somebody
proxy-invitation-lead = Somebody lets you act for them and gave you a code. Make an account of your own with it.
proxy-invitation-code = Code
proxy-invitation-code-hint = Twelve letters and digits. Spaces do not matter.
proxy-invitation-code-missing = Type the code that you were given.
proxy-invitation-user = User name
proxy-invitation-user-hint = 2 to 64 letters, digits and . _ - @, such as halina.brandvold. It need not be your own name.
proxy-invitation-user-missing = Choose a user name.
proxy-invitation-password = Password
proxy-invitation-again = The password once more
proxy-invitation-not-the-same = The two passwords are not the same.
proxy-invitation-not-good = This code is not good, or not any more: codes are good once, for seven days. Ask for a new one.
proxy-invitation-make = Make my account
proxy-invitation-made = Your account is made. Sign in with the user name and the password that you chose.
proxy-invitation-have = You have an account here already, as a patient or for somebody else?
proxy-invitation-have-link = Sign in and type the code there
acting-title = Whose record you look at
acting-lead = With one account you can look at your own record and act for those who let you. Each of them sees when you look at theirs.
acting-none = There is nobody for whom you act
acting-none-more = Nobody has let you act for them, or the permission has ended. Who gave it can give you a new code.
acting-is-own = Your own record
acting-is-other = You act for them
acting-current = You are looking at this record now.
acting-look = Look at this record
acting-code-title = Act for one more person
acting-code-lead = Somebody lets you act for them and gave you a code: type it here, and this account acts for them too.
acting-code-add = Act for them
acting-code-own = This code is for acting for you yourself. Give it to the person who is to act for you.
acting-added = You act for one more person now.
acting-end = Stop acting for them
acting-end-more = You then do not see the record of { $name } any more, and can do nothing in it. { $name } is told, and sees it under “Who looked”. What you did until now stays. To act for them again you need a new permission.
acting-end-button = Stop acting for them now
acting-given-up = You do not act for this person any more.
acting-ended = You may not act any more for the person whose record you looked at.
acting-ended-own = You may not act any more for the person whose record you looked at. This is your own record.
acting-now = You are looking at: { $name }.
acting-now-more = You act for them; they see when you look.
acting-own = You are looking at: your own record.
acting-somebody = You are acting for somebody else.
acting-change = Change

## What is sealed

consents-lead = Some parts of a record are sealed: nobody at the clinic sees them unless you let them. A change counts at once.
consents-emergency = In an emergency a clinician can open what is sealed, with a reason. You and the health administrator are told each time.
consents-done-on = Your clinicians see it from now on.
consents-done-off = It is sealed again from now on.
consents-done-on-refused = You let it be seen. Another consent refuses it, so not everybody at the clinic sees it.
consents-done-off-open = You do not let it be seen any more. Another consent still opens it.
consents-done-ended = The consent has ended. What it said does not count any more.
unseen = Nobody at the clinic sees your record now, unless it is an emergency: so says your consent. What you write, send or add here reaches nobody there. If you need them, call, or end that consent under:
unseen-other = Nobody at the clinic sees this record now, unless it is an emergency: so says a consent. What you write, send or add here reaches nobody there. If you need them, call.
unseen-asks = Nobody at the clinic sees your record now, unless it is an emergency: so says your consent. What you ask for under requests reaches the health administrator all the same. You can end that consent under:
unseen-asks-other = Nobody at the clinic sees this record now, unless it is an emergency: so says a consent. What is asked for under requests reaches the health administrator all the same.
unseen-kept = It is kept in the record. Nobody at the clinic sees it while a consent refuses it to them.
unseen-kept-sealed = It is kept in the record. Nobody at the clinic sees it as long as it is sealed or refused to them.
consents-others = Other consents in your record
consents-others-more = The clinic or another program recorded these. They count like what you choose above, and you can end each of them.
consent-of = Consent of { $date }
consent-undated = Consent, date not recorded
consent-lets = Lets { $whom } see: { $what }
consent-refuses = Does not let { $whom } see: { $what }
consent-refuses-more = When it ends, they see it again unless you seal it.
consent-until = { $said }. Until { $date }
consent-from = { $said }. From { $date }
consent-whom-clinic = the people at the clinic
consent-whom-one = one person at the clinic
consent-everything = your record
consent-end = End this consent
seal-open = Your clinicians see it
seal-open-some = Some people at the clinic see it
seal-by-other = Another consent opens it. Those that you can end stand below; the clinic ends any other.
seal-refused = You let it be seen, but another consent refuses it to some or all.
seal-closed = Sealed: only you see it
seal-let = Let my clinicians see it
seal-close = Seal it again
seal-restricted = Restricted
    .more = What was marked as restricted, for whatever reason.
seal-very-restricted = Strictly confidential
    .more = What was marked as to be seen by very few.
seal-mental-health = Mental health
    .more = Illness and treatment of the mind, notes of psychotherapy.
seal-substance-use = Alcohol and other substances
    .more = Use, dependence and treatment.
seal-infection = HIV and sexually transmitted infections
    .more = Tests, results and treatment.
seal-sexual-health = Sexual and reproductive health
    .more = Contraception, pregnancy, fertility.
seal-violence = Violence and abuse
    .more = What was told or found about it.
seal-other = Genetics and other sensitive parts
    .more = Inherited conditions, and whatever else was marked as sensitive.
actor-share-for = Share link for “{ $label }”
summary-paused = paused at the moment
summary-reported = measured by the patient

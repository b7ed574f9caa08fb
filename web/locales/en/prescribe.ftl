### Prescribing, the formulary and refills, as the staff read them.


## The page of prescribing

every-1d = once a day
every-2d = twice a day
every-3d = 3 times a day
every-4d = 4 times a day
every-12h = every 12 hours
every-8h = every 8 hours
every-6h = every 6 hours
every-other-day = every other day
every-week = once a week
every-month = once a month
every-once = once only
every-written = as the instructions say
when-any = any time

rx-title = Prescribe for { $name }
rx-heading = Prescribe
rx-heading-renew = Renew a prescription
rx-heading-change = Change a prescription
rx-lead = What you type is kept. Nothing is prescribed until you sign.
rx-step-medicine = Medicine
rx-step-dose = Dose
rx-step-checks = Checks
rx-formulary = { $name }, { $date }
rx-find = Name or substance
rx-found-none = No medicine in the formulary matches “{ $query }”
rx-found-none-more = Try fewer letters, or the substance. What is not in the formulary can be written by its name, and is then hardly checked.
rx-found-more = There are more. Type another word, such as the strength.
rx-written = It is not in the formulary
rx-written-name = Name, strength and form
rx-written-hint = As it is to stand on the prescription. Its dose is not checked, and of the other checks only what the formulary knows by this name.
rx-written-take = Take this name
rx-other-medicine = Another medicine
rx-asked = The patient wrote
rx-prior-said = The prescription before says
rx-prior-unit = It does not count in the unit of this medicine ({ $unit }), so how much each time is not filled in.
rx-prior-several = It has several instructions, so nothing of them is filled in. One prescription here holds one of them.
rx-no-substitution = Not to be replaced by another product
rx-once = Each time
rx-unit = Unit
rx-every = How often
rx-choose = Choose
rx-when = When
rx-route = Way
rx-days = For how many days
rx-days-hint = Empty: without an end.
rx-quantity = Quantity
rx-quantity-hint = Empty: what the days come to.
rx-refills = Refills
rx-refills-hint = How often it may be handed out again.
rx-needed = Only when needed
rx-problem = For which problem
rx-problem-none = None of the list
rx-reason = Or for another reason
rx-instructions = How to take it, for the patient
rx-instructions-hint = In plain words. It stands below the dose on the patient’s list and on the prescription.
rx-because = Why it is changed
rx-sum = Comes to { $quantity }.
rx-sum-last = Last dose on { $date }.
rx-sum-less = The quantity is less than this: { $quantity }.
rx-sum-more = The quantity is more than this: { $quantity }.
rx-sum-day = Most in a day: { $most }.
rx-beside = Beside this prescription
rx-after = Medicines after this
rx-new = New
rx-ends = Ends
rx-reads = What the patient will read
rx-check = Check again
rx-apart = What a patient keeps sealed from you is not compared. Nor is what stands in the record only as handed out or given: the timeline shows it.
rx-sign = Sign
rx-sign-lead = Signing puts it on the patient’s list and tells the patient that the list has changed. The checks are made once more then, on the same parts of the record as they are then.
rx-answer = Why it is prescribed all the same
rx-answer-unchecked = How it was checked instead
rx-answer-missing = There is no answer to this yet.
rx-meant = Perhaps it is in the formulary:
rx-checks-sum = { $warnings } to answer, { $unchecked } not checked, { $clear } clear
rx-prior-over = The prescription that this was to replace has ended meanwhile. What stands below would be a prescription of its own: sign it only if that is what you want.
rx-refill-over = The request for this refill has been answered meanwhile. Look in the chart before you sign what stands below: it may have been prescribed already.
rx-new-warning = While you were writing, something in the record changed, and there is a warning that you have not answered. Nothing was signed.
rx-other-formulary = Another formulary was loaded while you were writing. The checks below are made with it; nothing was signed.
rx-renewed = Renewed
rx-changed = Changed

## Faults

rx-fault-medicine = Choose a medicine first.
rx-fault-person = Your account is not linked to a practitioner, so nothing can be signed with it. The operator can link it.
rx-fault-ambiguous = This number can be read in two ways. Write it without a separator of thousands, and with a point before decimals, such as 1000 or 0.5.
rx-fault-once = How much each time is missing, or is no number from 0.0001 to 10000.
rx-fault-unit = The unit is missing, such as tablet or mL.
rx-fault-written = Write how often it is taken, or choose it above.
rx-fault-every = How often is missing.
rx-fault-days = The days are a whole number from 1 to { $most }, or empty.
rx-fault-quantity = The quantity is no number from 0.0001 to 10000.
rx-fault-refills = Refills are a whole number from 0 to { $most }.
rx-fault-route = Choose the way in which it is taken.
rx-fault-long-answer = A reason for going past a warning is too long: up to { $most } characters fit.
rx-fault-problem = This problem is not on the patient’s list any more.
rx-fault-answers =
    { $n ->
        [one] One of the checks has no answer yet.
       *[other] { $n } of the checks have no answer yet.
    }

## What the checks say

rx-serious = Serious: { $what }
rx-caution = To know: { $what }
rx-source = { $source }, { $locator }, { $date }
rx-check-allergy = Allergies
rx-check-not-to-give = Not to be given
rx-check-interaction = Interactions
rx-not-to-give = { $medicine }: the record says not to give { $other }
rx-not-to-give-unknown = Nobody can say whether this is one of those that are not to be given: { $names }.
rx-check-duplicate = Duplicates
rx-check-dose = Dose
rx-unchecked = { $check }: not checked
rx-allergy-substance = { $medicine } holds what the patient is allergic to: { $allergy }
rx-allergy-class = { $medicine } belongs with a known allergy: { $allergy }
rx-allergy-class-more = Both belong to: { $class }.
rx-interaction = { $medicine } with { $with }
rx-same = { $medicine } holds the same substance as { $with }
rx-same-more = Both would be taken. To prescribe it anew, renew or change the one that there is.
rx-group = { $medicine } is of the same kind as { $with }
rx-group-more = Both belong to: { $group }.
rx-too-much-once = { $dose } each time is more than { $most }
rx-too-much-day = { $dose } in a day is more than { $most }
rx-not-allergies-asked = Allergies are not known here: nobody has asked, or it is sealed from you.
rx-not-allergies = The formulary does not know these allergies, so they were not compared: { $names }.
rx-not-classes = The formulary does not say to which allergy classes this medicine belongs. Only its own name was compared.
rx-not-groups = The formulary does not say which medicines are of the same kind as this one. Only its own substance was compared.
rx-not-medicines = The formulary does not know these, so they were not compared for duplicates: { $names }.
rx-not-interactions = The formulary does not cover interactions of this medicine with: { $names }.
rx-not-interactions-known = The formulary does not know these, so no interaction was looked for: { $names }.
rx-not-doses = Doses are not checked for this medicine.
rx-not-dose-comparable = The dose cannot be compared: how much or how often is not filled in, or the formulary does not say how much of the substance is in it.
rx-not-listed-allergy = This medicine is not in the formulary. Allergies are not checked.
rx-not-listed-interaction = This medicine is not in the formulary. Interactions are not checked.
rx-not-listed-duplicate = This medicine is not in the formulary. Duplicates are not checked.
rx-ok-no-allergies = No known allergy, of those that you may see, to compare with.
rx-ok-allergies = No match with: { $names }.
rx-ok-duplicate = Not the same, nor of the same kind, as: { $names }.
rx-ok-interactions = No interaction listed with: { $names }.
rx-ok-dose = Within the most that is listed: { $most }.
rx-most-once = { $most } at one time
rx-most-day = { $most } in a day
rx-gap-none = No formulary is loaded: nothing is checked
    .more = Medicines can be written by their names only. The operator loads your country’s with the command “chartbox formulary import”.
rx-gap-stale = The formulary is out of date: it was good until { $date }
    .more = The checks below may lack what is known since. The operator can load a newer one.
rx-gap-allergies = Allergies are not known here
    .more = No allergy check can pass. Ask now, and write down the answer, also when there is none.
rx-gap-cut = The record holds more than is read here
    .more = Older allergies or medicines were not compared.
rx-invented = The formulary is invented
    .more = Its medicines and rules are made up, to show how checks look. Nothing in it is medical knowledge.

## One prescription

rx-one-title = Prescription of { $name }
rx-one = Prescription
rx-state-active = Active
rx-state-paused = Paused
rx-state-renewed = Renewed, a later one counts
rx-state-changed = Changed, a later one counts
rx-state-stopped = Stopped
rx-state-over = Its time is over
rx-fact-substitution = Another product instead
rx-fact-how = How to take it
rx-fact-route = Way
rx-fact-quantity = Quantity
rx-fact-refills = Refills
rx-fact-refills-none = none
rx-fact-refills-n =
    { $n ->
        [one] once more
       *[other] { $n } times more
    }
rx-fact-reason = For
rx-fact-note = Note
rx-fact-written = Written
rx-fact-by = By
rx-fact-until = Valid until
rx-done-signed = It is signed, and stands on the patient’s list.
rx-done-not-taken-seen = It is noted that this was seen. The medicine stays prescribed as it is.
rx-not-taken-seen = I have seen this
rx-done-stopped = It is stopped. The patient is told that the list has changed.
rx-renew = Renew
rx-change = Change
rx-prior = The prescription before this one
rx-next = The prescription in its place
rx-pdf = Print (PDF)
rx-sheet = Print from the browser
rx-warned = Warnings that were answered
rx-stop-title = Stop this medicine
rx-stop = Stop it
rx-stop-why = Why
rx-stop-words = In words
rx-stop-done = It is not needed any more
rx-stop-side-effects = Side effects
rx-stop-no-effect = It did not help
rx-stop-patient-wish = The patient does not want it
rx-stop-interaction = It does not go with another medicine
rx-stop-other = Another reason
rx-fault-stop = Say why it is stopped.
rx-fault-stop-words = For another reason, say which in words.

## The paper

paper-title = Prescription
paper-patient = Patient
paper-born = Born { $date }
paper-number = Clinic no. { $number }
paper-written = Written on { $date }
paper-signature = Signature
paper-verify = Whether this still counts: scan, or open the address.
paper-demo = From a demo: the patient, the clinic and the medicine are invented.
paper-back = Back to the prescription
paper-how = Print this page from your browser.
paper-no-title = No PDF of this one
paper-no-letters = The PDF’s font has no letters for: { $letters }
paper-no-more = Nothing was printed in their place. The page of the same prescription prints them with your computer’s own fonts.

## History

history-title = What began and ended
history-when = When
history-what = What
history-why = Why
history-started = Started
history-renewed = Renewed
history-changed = Changed
history-stopped = Stopped
history-not-to-give = Recorded as not to be given
history-not-to-give-ended = Not recorded any more as not to be given
history-no-reason = No reason is recorded
history-not-taking = Not taking it
history-taking-again = Taking it again
history-by-patient = said by the patient
history-for-patient = said by who acts for the patient
medicine-not-taken-note = The patient said so on { $date }.
medicine-not-taken-note-for = Who acts for the patient said so on { $date }.
col-do = Do

## Refill requests

refill-one = { $medicine } for { $patient }
refill-asked-on = Asked { $date }
refill-was-asked = You had asked: { $question }
refill-waits-for = A refill of { $medicine } is asked for
refill-renew = Renew it
refill-renew-lead = Renewing opens the prescription with its doses filled in, checks it, and answers the request when you sign.
refill-ended = This prescription has ended meanwhile, so it cannot be renewed. Prescribe anew from the chart, and answer here.
refill-chart = Open the medicines in the chart
refill-words = Your words to the patient
refill-words-hint = The reason why not, or your question. The patient reads it on their list.
refill-ask-back = Ask this first
refill-refuse = Refuse
refill-fault-words = Write to the patient why, or what you want to know.
refill-back = Back to the inbox
refill-over-renewed = It was renewed.
refill-not-taken = The patient says that they do not take this medicine.
refill-not-taken-because = The patient says that they do not take this medicine: { $reason }
refill-not-taken-for = Who acts for the patient says that they do not take this medicine.
refill-not-taken-for-because = Who acts for the patient says that they do not take this medicine: { $reason }
refill-over-asked = The patient was asked, and answers from their list of medicines.
refill-over-refused = It was refused, and the patient was told.

## The formulary

formulary-about = The medicines that can be prescribed here, the rules that prescriptions are checked by, and the codes that are offered for problems and orders.
formulary-name = { $name } ({ $country }), { $date }
formulary-until = Good until
formulary-imported = Loaded
formulary-source = Source
formulary-medicines = Medicines
formulary-substances = Substances
formulary-classes = Allergy classes
formulary-interactions = Interactions
formulary-groups = Groups of duplicates
formulary-doses = Doses
formulary-covers = Statements of what is complete
formulary-ranges = Ranges of measurements
formulary-problems = Codes for problems
formulary-orders = Codes for orders
formulary-hash = Fingerprint (BLAKE3)
formulary-stale = It is out of date
    .more = Every screen that prescribes says so until a newer one is loaded.
formulary-none = Prescriptions are not checked until one is loaded.
formulary-how = To load another
    .text = On the box, as root. The file is read whole, and what is wrong with it is named by line; only a file without fault takes the place of this one.

## Results: entering, signing, holding, letting go

result-add = Add a result
result-new = Add a result
result-row = Test { $n }
result-title = Name of the report
result-taken-on = Taken on
result-source = Laboratory
result-test = Test
result-not-comparable = This does not compare with the range. Correct it, or choose a flag.
result-value = Value
result-unit = Unit
result-low = Range from
result-high = Range to
result-flag = Flag
result-comment = Comment for the patient and the record
result-comment-hint = It stands beside what the laboratory concluded, with your name and the time, and changes nothing of that. The patient reads it with the result.
result-enter-sign = Add and sign
report-taken-back = This result was taken back as a mistake. Nothing of it counts; the history keeps it.
report-empty = There is nothing in this report but its name.
report-left-out = Taken back, cancelled, or not made yet, and so without a value here: { $names }
report-named-only = Named by the report and not in this record, so without a value here: { $names }
report-held-elsewhere =
    { $n ->
        [one] One of its values is held with another report: the patient does not see that one.
       *[other] { $n } of its values are held with another report: the patient does not see those.
    }
report-back = The report
report-apart =
    { $n ->
        [one] 1 part of this report is not shown: it is not in the record, not yours to see, or another patient’s. A hold would leave it out, so the report cannot be held.
       *[other] { $n } parts of this report are not shown: they are not in the record, not yours to see, or another patient’s. A hold would leave them out, so the report cannot be held.
    }
report-not-held-whole = Nothing was held and nothing was signed. A part of the report is not in the record, not yours to see, or another patient’s: the patient could still read it.
report-not-taken-back = Nothing was taken back. A part of the report is sealed from you and would go on counting. Somebody who may see all of it takes it back.
result-nurse = It is held from the patient until a doctor has signed it.
result-held = The patient does not see this result yet: it waits for a doctor.
result-held-until = The patient does not see this result until { $date }: { $reason }
result-held-again = It was held until { $date } ({ $reason }), and was changed after that. The patient does not see it until a doctor has signed it as it is now, whatever the day.
result-asks-to-hold = The laboratory asks not to show this result to the patient before a doctor has spoken with them.
result-seen = The patient sees this result.
result-badge-held = Held
result-signed-by = Signed by { $name }
result-done-entered = The result is in the record.
result-done-sealed = It is in the record, and sealed: those whom the patient lets see such results read and sign it.
result-done-unread = It is in the record. Nobody at the clinic may see what is sealed of it, so nobody reads or signs that unless the patient lets them. The patient hears of it when they can see it.
result-done-newer = The file has an older version of one of its reports, too. It is left out: the newer one has all that it says.
result-done-withdrawn = Its laboratory withdrew this result, so it was taken back.
result-done-signed = The result is signed.
result-done-released = The patient can see the result now, and was told that there is one.
result-done-held = The result is held.
results-waiting = Reports that wait
flag-by-range = By the range
flag-normal = Normal

release-when = When the patient sees it
release-now = Now
release-now-more = The patient is told that there is a result, not which.
release-hold = Hold it
release-hold-more = With a reason and a day from which the patient sees it. The reason stands in the access log.
release-hold-again = A result that the patient has seen already may be known to them.
release-hold-reason = Reason to hold it
release-hold-until = Held until
release-no-day = Held until is a day after today, at most { $most } days ahead.
release-hold-do = Hold
release-not-chosen = Say when the patient sees it. The laboratory asks not to show it before a doctor has spoken with them.
release-let-go = Let the patient see it now

import-title = Take from a file
import-about = A file from the laboratory’s system (FHIR): reports with their results. All of it is taken, or nothing.
import-file = The file’s text
import-file-hint = Open the file and copy its whole text here.
import-pick = Or choose the file
import-take = Take it into the record
import-sure = I have checked that these are results of { $name }.
import-unread = This is not FHIR JSON. Nothing was taken.
import-no-report = No report and no result is in it. Nothing was taken.
import-others = It holds more than results ({ $kinds }). Nothing was taken.
import-somebody-else = It is about { $name }, not about this patient. Nothing was taken.
import-somebody-unnamed = Part of it is about somebody else. Nothing was taken.
import-missing = “{ $title }” refers to results that are not in the file, or not only once. Nothing was taken.
import-of-another = “{ $title }” is about somebody or something that the file does not name. Nothing was taken.
import-later = “{ $title }” is dated after today. Nothing was taken. Ask the laboratory for the right date.
import-asks-to-hold-sealed = The laboratory asks not to show this to the patient before a doctor has spoken with them. It is sealed, too, so no doctor would see that it waits. Nothing was taken. A doctor takes it, and holds it with a reason and a day.
import-asks-to-hold = The laboratory asks not to show this to the patient before a doctor has spoken with them. Nothing was taken. Hold it from the patient, with a reason and a day.
import-withdrawn = “{ $title }” is withdrawn by its laboratory, and nothing of it is in this record. Nothing was taken.
import-known = A report with the same number is in the record already, or twice in the file. Nothing was taken. Say below which of the two it is, and send it again.
import-known-meanwhile = What is in the record was changed after you had been asked about it. Nothing was taken. Read it again as it is now, say anew below what the file’s is, and send it again.
import-known-one = “{ $title }”: what is it?
import-known-here = In the record: { $what }
import-known-before = In the file, the earlier one: { $what }
import-known-later = In the file, the later one: { $what }
import-known-both = The file has two reports of one number, and nothing says for certain that the later one takes the place of the other. Two samples of one order can look so.
import-known-nowhere = Its laboratory withdrew it, and nothing of it is in this record.
import-known-file = In the file: { $what }
import-known-older = By its date or its state the one in the file is the older of the two.
import-known-held = “Now” would let the patient see it.
import-known-version = The new version: it takes the place of the other, and waits for a signature.
import-known-withdrawn = Its laboratory withdrew it: what is here is taken back.
import-known-withdrawn-both = Its laboratory withdrew it: nothing of the earlier one is taken.
import-known-withdrawn-other = It withdraws another one of this number: the earlier one stands.
import-known-further = A further report: both stand.
import-known-leave = Leave it out: nothing of it is taken.
import-withdrawn-signed = “{ $title }” is withdrawn by its laboratory, and a doctor has signed it here. Nothing was taken. A doctor takes the file into the record, or you leave this one out.
import-known-none = All that is in the file is left out. Nothing was taken.
import-known-twice = Two reports of the file cannot both take the place of the same one. Nothing was taken. One of them is something else, or is left out.
import-whose = It is not certain whose results these are, and nothing was taken. Check it, say so below, and send it again.
import-whose-about = The file is about { $file }. This record is of { $here }.
import-whose-differs = Not the same: { $what }.
import-differs-name = the name, no part of it
import-differs-family = family name
import-differs-given = given name
import-differs-born = birth date, which one of them does not know to the day
import-differs-sex = sex
import-differs-number = number
import-too-many = It holds more than 200 results, or panels within panels without end. Bring it in by FHIR.
import-not-yours = Part of what belongs to it is sealed from you or not yours to change, so nothing was taken. Somebody who may see all of it takes it into the record. What is not sealed need not wait for that: type it by hand as a new result, and take back on its page the one that is wrong.
import-not-valid = It breaks a rule of FHIR R4, so nothing was taken: { $issue }

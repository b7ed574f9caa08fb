## What patients ask of the clinic about their record

nav-asks = Requests
nav-my-requests = My requests
nav-my-requests-other = Requests
asks-lead = What may be asked of us about the record, and by when we answer. Each request has its last day.
asks-mine = Your requests
asks-mine-other = Requests
asks-none = Nothing has been asked for
asks-none-other = Nothing has been asked for, or nothing that you may see
asks-none-more = What is asked stands here, with the day by which we answer.
asks-ask = Ask for something
asks-question-where = Find the line there, and choose “Question this”.
ask-copy = A copy of everything
ask-copy-shown = A copy of the record
ask-copy-more = All that the clinic has recorded, as one file: a readable page, the files, and the same for other computer programs.
ask-copy-more-other = What you may see of what the clinic has recorded, as one file: a readable page, the files, and the same for other computer programs. What is sealed is left out.
ask-copy-make = Make my copy now
ask-copy-make-other = Make the copy now
ask-copy-other = I want it in another form
ask-copy-how = In which form, and how you want to get it
ask-copy-how-hint = For example printed on paper, collected at the reception; or sent to another clinic, with its name and address.
ask-copy-at-once = The copy is made when you download it, of what the record holds at that moment.
ask-copy-download = Download my copy
ask-copy-download-other = Download the copy
ask-copy-what = One ZIP file. Open “record.html” in it to read. Keep it where only you can reach it: it is not locked.
ask-copy-what-other = One ZIP file. Open “record.html” in it to read. Keep it where only you can reach it: it is not locked. What is sealed is left out of it, so it may not be all that is recorded.
ask-correction = A correction
ask-correction-more = Something in the record is wrong or missing.
ask-correction-what = What is wrong, where it stands, and what is right
ask-correction-what-hint = The health administrator and the clinicians read this. Name the page and the date.
ask-correction-what-hint-unseen = The health administrator reads this. Name the page and the date.
ask-restriction = A restriction
ask-restriction-more = A part of the record is not to be used for something, or not to be seen by somebody.
ask-restriction-what = What is not to be used or seen, and by whom
ask-restriction-what-hint = The health administrator reads this; whoever acts for you does not. We are not bound to agree to everything, and tell you why when we do not. What you can close yourself, at once, stands under Share.
ask-restriction-what-hint-other = We are not bound to agree to everything, and tell you why when we do not.
ask-accounting = Who was given my data
ask-accounting-other = Who was given the data
ask-accounting-more = A list of whatever of the record left this clinic in the last six years: to whom, when and why.
ask-accounting-what = Anything that we should know
ask-accounting-what-hint = For example a time that you are asking about.
ask-accounting-download = Download the list
ask-question = Why somebody looked
ask-question-more = The health administrator looks into it and answers you in words.
ask-question-what = What seems wrong to you
ask-question-what-hint = Nobody whom you ask about is told who asked.
ask-look = { $who } ({ $role }), { $when }. { $what }. Given reason: { $why }
ask-look-part = { $time }: { $what }
ask-look-times = { $date }, at { $times }
ask-look-many = { $date }, { $n } times between { $from } and { $until }
ask-which = Which of these do you ask about?
ask-which-hint = On this day there are { $n } in a row. All are chosen: take the mark from those that you do not mean.
ask-which-missing = Choose at least one. Nothing was sent.
ask-words-missing = Write what you want. Nothing was sent.
ask-term = We answer within { $n } days.
ask-send = Send it
ask-sent = Your request is with the clinic.
ask-open = Open
ask-overdue = Late
ask-answered = Answered
ask-withdrawn = Withdrawn
ask-withdrawn-done = It is withdrawn. Nobody has to answer it.
ask-line-withdrawn = Asked on { $made }, and withdrawn.
ask-withdraw-open = Withdraw this request
ask-withdraw-more = Nobody answers it then. It stays in the record, marked as withdrawn. You can ask again at any time.
ask-declined = Declined
ask-line-open = Asked on { $made }. We answer by { $due }.
ask-line-late = Asked on { $made }. We should have answered by { $due }.
ask-line-answered = Asked on { $made }, answered on { $answered }.
ask-your-words = Your words
ask-your-words-other = What was written
ask-extended = Why it takes longer
ask-answer = Answer
look-question = Question this

## The administrator's queue

ask-all = All requests
ask-queue-sum =
    { $n ->
        [one] 1 open
       *[other] { $n } open
    }, { $late ->
        [0] none late
       *[other] { $late } late
    }
ask-queue-open = Open
ask-queue-none = Nothing is open
ask-queue-none-more = What patients ask for stands here, the soonest last day first.
ask-queue-closed = Answered lately
ask-queue-closed-none = Nothing was answered yet
ask-col-due = Answer by
ask-col-what = Request
ask-col-who = Patient
ask-col-asked = Asked
ask-col-state = How
ask-col-answered = Answered
ask-days-late =
    { $n ->
        [one] 1 day late
       *[other] { $n } days late
    }
ask-days-today = today
ask-days-left =
    { $n ->
        [one] 1 day
       *[other] { $n } days
    }
ask-extended-mark = extended
ask-by = Asked by
ask-own-term = The clinic’s own term
ask-entry = { $n ->
        [one] The entry of the access log that is asked about, of { $from }
       *[other] The { $n } entries of the access log that are asked about, from { $from } to { $to }
    }
ask-entry-all = The patient’s entries in the access log
ask-their-words = Their words
ask-admin-copy = Make the copy, hand it out as asked, then write how and when. It is one file: for paper, print the page “record.html” in it. It holds what the patient sees; you need not open it to put it on a disk. That you took it stands in the access log, and in the patient’s list of who looked. In their portal, patients take the copy themselves.
ask-admin-copy-acting = Make the copy, hand it out as asked, then write how and when. It is one file: for paper, print the page “record.html” in it. Who acts for the patient asked for it, so it holds what they see: what is sealed is left out. You need not open it to put it on a disk. That you took it stands in the access log, and in the patient’s list of who looked.
ask-admin-copy-ended = Whoever asked for this copy may not read this record any more, so no copy can be made for them. Say so in the answer, or decline.
ask-admin-copy-make = Make the copy
ask-admin-correction = A clinician decides whether the record is corrected. Write what was done. A refusal says why, and that the patient may add their own statement.
ask-admin-restriction = Write what you agree to and what you do not, and why.
ask-admin-accounting = The list is made from the access log by the box. Answer, and the patient can download it: all that left the clinic in the six years before the request.
ask-admin-question = Look into the entry, ask the person if need be, and write in plain words what happened.
ask-admin-words = Your answer, or the reason
ask-admin-words-hint = The patient reads exactly this.
ask-admin-words-missing = Write what the patient is to read. Nothing was sent.
ask-admin-answer = Answer it
ask-admin-decline = Decline, with this reason
ask-admin-extend = Take { $n } more days, for this reason
ask-admin-extend-hint = Once only, and before the last day is over.
ask-admin-changed = Somebody has answered or changed this meanwhile. Nothing was sent twice. This is how it stands.
ask-admin-extended-already = The time was extended once already. Nothing was changed.
ask-admin-overdue = The last day is over, so that the time cannot be extended any more. Nothing was changed.
ask-done-answered = The answer is with the patient.
ask-done-declined = The refusal and its reason are with the patient.
ask-done-extended = The new day and the reason are with the patient.

## The copy

copy-lead = What { $clinic } has recorded about this person, as it stood on { $when }.
copy-lead-other = From what { $clinic } has recorded about this person, as it stood on { $when }. What is sealed is left out of this copy, so it may not be all: an allergy, a medicine or a health problem may be missing.
copy-what = The folder “fhir” holds the same, and more exactly, for other computer programs (HL7 FHIR R4, one resource a line); “files” holds documents and pictures.
copy-files = Files
copy-when = When
copy-name = What
copy-detail = More
copy-by = By
ask-copy-too-large = This record is larger than one file holds. Ask the clinic for a copy on a disk.

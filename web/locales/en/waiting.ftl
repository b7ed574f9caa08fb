## The waiting list, for patients

wait-nothing-fits = Nothing that suits you?
wait-link = Wait for another time
wait-title = { $kind }: wait for a time
wait-lead =
    { $n ->
        [one] As soon as a time is free on these days, we offer it to you here. It is held for 1 hour, then the next person gets it.
       *[other] As soon as a time is free on these days, we offer it to you here. It is held for { $n } hours, then the next person gets it.
    }
wait-join = Put me on the list
wait-back = Look at the free times
wait-done = The request is on the waiting list.
wait-declined-done = The request stays on the waiting list, for another time.
wait-offer-ended = This offer is over: it was not answered in time. You are still on the list.
visit-waits = On the waiting list
visit-waits-more = We offer you a time here as soon as one is free.
visit-held = It is held for you until { $when }.
visit-decline-wait = Not this time, go on waiting
visit-leave-list = Leave the waiting list

## The form before a visit

visit-form-lead = The doctor or nurse reads it before the visit. Leave out what you like.
visit-form-lead-unseen = Nobody at the clinic sees this visit now, nor what is answered here. Leave out what you like.
visit-form-lead-shut = { $name } does not see now what is answered here: so says a consent. Another doctor or nurse at the clinic can. Leave out what you like.
visit-form-yes = Yes
visit-form-no = No
visit-form-send = Send it
visit-form-later = Later
visit-form-kept = What you type is kept here until you send it.
visit-form-sent-before = A form for this visit was sent already, from another window or by who acts for you. This one was not sent: your clinic has the first. What you wrote stands below; if your clinic should know it, write a message.
visit-form-sent-before-other = A form for this visit was sent already, from another window, by the patient or by somebody else who acts for them. This one was not sent: the clinic has the first. What you wrote stands below; if the clinic should know it, write a message.
visit-form-moved = This visit was changed meanwhile, so the form was not sent. Look at the day and time, then send it again.
visit-form-to-visit = To the visit
visit-form-sent-title = What you sent before your visit
visit-form-sent-for = For the visit on { $when }
visit-form-sent-on = Sent on { $when }
visit-form-read = Read what you sent
visit-form-empty = Nothing was filled in yet.
visit-form-long = One answer has more than { $most } characters. Make it shorter.
visit-form-done = Your form was sent.
visit-form-to-fill = Fill in the form
visit-form-sent = Form sent
todo-form = Fill in a form before the visit
todo-form-for = { $visit }, { $when }

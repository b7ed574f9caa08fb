### Messages between patients and the clinic.

my-messages = Your messages
my-messages-lead = Write to the clinic, and read what it answers. Your doctor sees it in your record.
my-messages-none = No messages yet
my-messages-none-more = Ask a question, and the answer stands here.
message-write = Write a message
message-about-what = What is it about?
message-about-lead = So that the right people at the clinic get it.
message-no-topics = The clinic takes no messages here yet
message-due = We answer by { $when }.
message-all = All messages
message-other-topic = Another topic
message-text = Your message
message-text-hint = Up to { $n } characters.
message-attach = Attach a file
message-attach-send = Send the file
message-send = Send
message-sent = It is sent. We tell you when there is an answer.
message-empty = Write something first.
message-too-long = This is too long: { $n } characters. Up to { $most } fit into one message.
message-no-emergency = Not for emergencies.
message-emergency-call = If it cannot wait, call the clinic: { $phone }. If a life is in danger, call the emergency number.
message-emergency = If it cannot wait, call the clinic. If a life is in danger, call the emergency number.
message-you = You
message-waiting = The clinic has it
message-answered = Answered
message-closed = Closed
message-closed-more = This conversation is closed. Write again, and it is open again.
message-no-topic = Message
message-seen-by-clinic = Read by the clinic
message-not-seen = Not read yet

## For the clinic

message-how = How it stands
message-answer = Your answer
message-staff-waiting = Waits for an answer
message-staff-answered = Answered
message-for-patient = { $name }, for the patient
message-seen-by-patient = Read by the patient
message-attachment = Attached document
message-taken-mine = You have taken this.
message-taken-nobody = Nobody has taken this yet.
message-take = Take it
message-give-back = Give it back to all
message-give-to = Give it to
message-give = Give it
message-close = Close without an answer
message-send-close = Send and close
message-staff-hint = The patient reads this as it stands, and it is a part of the record.
message-meanwhile = Somebody else has answered, taken or closed this meanwhile. Read what is new below; your text is still here and was not sent.
message-all-of-patient = All messages with this patient
messages-none-of-patient = No messages with this patient
message-topic = Topic
message-topic-missing = Choose a topic.

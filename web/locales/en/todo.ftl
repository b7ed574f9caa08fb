### A patient's first page: what needs doing now.

todo-title = What to do next
todo-none = There is nothing to do now
todo-none-more = When a visit comes up, a message or a result arrives, it stands here.
todo-visit-offered = The clinic offers you a time: answer it
todo-visit-unseen = { $when }. Nobody at the clinic sees this visit now: call them.
todo-offer-unseen = { $when }. Nobody at the clinic sees this offer now: call them.
todo-message = New message from the clinic
todo-message-from = From { $name }, { $when }
todo-message-when = { $when }
todo-result = { $name }: { $value }
todo-results = { $n } new results
todo-report = New report: { $name }
todo-refill-question = The clinic asks about the refill of { $medicine }
todo-request-answered = Answered: { $what }

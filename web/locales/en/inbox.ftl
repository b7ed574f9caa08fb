### The inbox: what waits for the clinic's people.

inbox-sum =
    { $n ->
        [0] Nothing waits.
        [one] 1 thing waits.
       *[other] { $n } things wait.
    }
inbox-whose = Whose
inbox-all = Everybody’s
inbox-mine = Mine ({ $n })
inbox-none = Nothing waits here.
inbox-more = There are more. They appear as these are done.
inbox-perhaps-more = There may be more: there is too much here to look through all of it. Look into the charts as well.
inbox-count-more = and more
inbox-not-looked = Too large to look through
inbox-late = Late
inbox-critical = Critical
inbox-due = answer by { $when }
inbox-taken-by = Taken by { $name }
inbox-open = Open inbox
inbox-count-late = { $n } late
inbox-messages = Messages
keys-steps = down and up
keys-open = open
inbox-refills = Refill requests
inbox-not-taken = Medicines that are not taken
inbox-uploads = Brought by patients
inbox-results = Results to sign
inbox-results-left-out = Not listed: final results that came here more than { $days } days after they were made, as with an import, or more than { $years } years ago.
inbox-notes = Notes to sign

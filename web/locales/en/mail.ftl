### Notices by e-mail. They hold a sentence by kind and nothing of a record.

mail-subject = { $clinic }: { $what }
mail-sign-in = Sign in to see it: { $address }
mail-sign-in-somewhere = Sign in at your clinic’s portal to see it.
mail-foot = This e-mail holds nothing of your record, and none ever will. Nobody reads answers to it. You choose on your account’s page which of these e-mails you get.

mail-wishes = Notices by e-mail
mail-wishes-lead = An e-mail says that something waits for you, and never what it is. You see that after you sign in.
mail-wishes-off = Your clinic sends no e-mail at present. What you choose here counts as soon as it does.
mail-wishes-to = The e-mails go to { $address }. To change the address, tell the reception.
mail-wishes-which = Write to me when
mail-wishes-save = Save
mail-wishes-saved = It is saved.
mail-wishes-no-address = The clinic has no e-mail address of yours. Give it to the reception, then you can choose here.
mail-wishes-link = Choose which notices you get by e-mail
mail-group-reminders = a visit comes up
mail-group-visits = a visit is booked, changed or offered
mail-group-messages = the clinic writes to me
mail-group-results = there is a new result or document
mail-group-requests = a request of mine is answered, or my record is corrected
mail-group-security = my record was opened in an emergency, or something that I shared was opened

## For the operator

health-mail = Notices by e-mail
mail-about = Patients who said yes hear by e-mail that something waits for them, and never what.
mail-off = Off
    .more = No mail server is configured: nothing leaves the box by e-mail. See [mail] in the configuration.
mail-broken = Does not work
mail-on = On
mail-troubled = On, with trouble
mail-waiting =
    { $n ->
        [0] No e-mail waits.
        [one] 1 e-mail waits.
       *[other] { $n } e-mails wait.
    }
mail-given-up =
    { $n ->
        [one] 1 e-mail was given up in the last 30 days.
       *[other] { $n } e-mails were given up in the last 30 days.
    }
mail-given-up-why = Given up in the last 30 days: { $n }, because { $fault }.
mail-server = Server { $server }, { $secured }.
mail-tls = secured by TLS
mail-starttls = secured by STARTTLS
mail-unsecured = not secured
mail-from = E-mails come from { $from }.
mail-portal = They lead to { $portal }.
mail-no-portal = They name no address to sign in at: the portal is off, and mail.portal is not set.
mail-last = The last e-mail went out { $when }.
mail-oldest = The oldest that waits is from { $when }.
mail-fault-unknown = of an unknown reason
mail-trial = Try it
mail-trial-to = Send an e-mail to
mail-trial-send = Send it now
mail-trial-sent = The server has taken the e-mail. Look whether it arrives.
mail-trial-subject = { $clinic }: an e-mail to see whether e-mail works
mail-trial-text = If you read this, the box can send notices by e-mail.
trouble-mail = Notices by e-mail do not go out: { $n } were tried in vain, because { $fault }.
trouble-mail-broken = Notices by e-mail cannot be sent as they are configured.

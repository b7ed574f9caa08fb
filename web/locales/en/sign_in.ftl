## Sign-in and out

sign-in-title = Sign in
sign-in-problem-title = Problem: sign in
sign-in-user = User name
sign-in-password = Password
sign-in-button = Sign in
sign-in-refused = We could not sign you in
sign-in-do-not-match = This user name and password do not belong together. Nothing has been opened.
wait-until = There were too many tries. You can go on at { $time }.
sign-in-type-again = Type your password again
sign-in-check-keyboard = Check capital letters and the keyboard language.
sign-in-tries-left =
    { $n ->
        [one] After 1 more wrong try
       *[other] After { $n } more wrong tries
    }, sign-in waits { $minutes ->
        [one] 1 minute
       *[other] { $minutes } minutes
    }.
sign-in-too-many = Too many tries
sign-in-wait-until = You can sign in again at { $time }, or ask at the reception now.
sign-in-stale = This page was open for too long
sign-in-stale-more = Nothing has been opened. Please sign in once more.
sign-in-kept = You were signed out before this was sent. Your text is kept: sign in, and go on.
sign-in-too-long = You were signed out before this was sent, so nothing of it was done. It is too long to be kept here. Go back in your browser and copy it if it stands there still; then sign in, and send it again.
sign-in-cannot = I cannot sign in
sign-in-cannot-staff = Staff: the clinic’s operator can give you a new password.
sign-in-cannot-patient = Patients: ask at the reception. Bring something that shows who you are.
address-before = The address above should read
address-after = If it does not, stop and ask at the reception.
signed-out-title = You are signed out
signed-out-asked = Your session on this device has ended.
signed-out-idle =
    { $n ->
        [one] You were signed out after 1 minute without use.
       *[other] You were signed out after { $n } minutes without use.
    }
signed-out-ended = This session was ended from another device or by the clinic’s operator.
signed-out-shared = If others use this device too, close this window.
signed-out-again = Sign in again

## Locked

locked-title = This box is locked
locked-lead = It started without its key, so no record can be read, by anyone. Everything is still there.
locked-passphrase = Passphrase
locked-passphrase-hint = The one that was chosen for this box, not your own password.
locked-button = Unlock
locked-sheet-instead = Use the recovery sheet instead
locked-sheet-hint = Six rows of four words. Capital letters do not matter, and four letters of a word are enough. A mistake is found in its row.
locked-row = Row { $n }
locked-sheet-button = Unlock with the sheet
locked-why = Why is it locked?
locked-why-more = After a power cut the box waits until somebody opens it, or the machine did not hand in its key. Who stands at the box’s own console can also run
locked-opening-title = The box is opening
locked-opening-lead = The key was right. The records are being copied under their new key first, and nothing is lost if the power goes meanwhile.
locked-opening-more = This page looks again every few seconds. A large box takes some minutes.

## One's own account

account-title = Your account
my-sessions = Where you are signed in
session-this = This one
session-line = Since { $since }, last used { $last }.
session-from = From { $origin }.
session-end = End
session-end-others = End all others
device-on = { $browser } on { $system }
device-unknown = A device that does not say what it is
account-language = Language
account-language-save = Use this language
password-change = Change your password
password-current = Password now
password-new = New password
password-again = New password once more
password-save = Save the new password
password-differs = This is not the same as the line above.
password-wrong = This is not your password now. Nothing was changed.
password-same = This is the password that you have. Choose another one.
password-changed = Your password is changed. You are signed out everywhere else.
new-password-title = Choose your own password
new-password-lead = The one that you have was chosen by somebody else. After this, only you know it.

## The operator: backups

backups-about = Encrypted copies of everything, outside the box
backups-none = No place for backups is set up
    .more = If this box is lost, everything in it is lost. Connect a disk or a share, list it in the configuration, and restart the box:
    .section = [backup]
    .example = targets = {"{"} usb = "/media/usb/chartbox" {"}"}
    .elsewhere = An SFTP server or an S3 bucket outside the house works too: the example configuration shows how.
backups-sheet = On a new computer, the folder of a backup and the recovery sheet are enough to bring everything back. Keep the sheet where the box is not. Older backups may open by the sheet or passphrase of their time only: keep an old one for as long as you want to restore them.
backup-to = To { $target }.
backup-last = Last backup
backup-never = Never
backup-holds =
    { $n ->
        [one] { $new } were new, of { $holds } in all; it took { $seconds } s. It is the only backup there.
       *[other] { $new } were new, of { $holds } in all; it took { $seconds } s. { $count } backups are there.
    }
backup-lose = If the box were lost now, what was written since would be lost.
backup-gone =
    { $n ->
        [one] A backup that was made there is gone, and this box did not remove it.
       *[other] { $count } backups that were made there are gone, and this box did not remove them.
    } Was something removed by hand, is another disk connected, or is this one failing? To see which, run: chartbox backup list --target { $target }
backup-all-gone = Nothing of what was backed up there is left.
backup-newest-gone = The newest backup is among what is gone.
backup-damaged = The newest backup there is damaged. Make another, and have the box try to restore it.
backup-older-damaged = An older backup there is damaged. The newest is not, as far as is known.
backup-old-keys = The newest backup there opens by an old sheet or passphrase only. Keep that one until another backup has been made.
backup-silent = The place does not answer now. Look at the disk or the share, and at what connects it.
backup-stuck = A backup is due and waits until old ones are removed there, which takes long. Where that hangs, look at the disk or the share, and at what connects it.
backup-other-run =
    { $n ->
        [one] A backup there was made by another run of this box: by a second box that was restored or copied from the same backup, or by one that this box took the place of.
       *[other] { $count } backups there were made by another run of this box: by a second box that was restored or copied from the same backup, or by one that this box took the place of.
    } If two boxes are at work, give each a place of its own. To see which, run: chartbox backup list --target { $target }
backup-error = The last attempt, { $date }, did not work: { $error }
backup-run = Back up now
drill-last = Last try to restore
drill-never = Not tried yet
    .more = A backup counts only once it has been restored. The box tries by itself after the first backup, and then again and again.
drill-passed = Passed { $date }
drill-failed = Failed { $date }
    .more = Make a new backup and try again. The new one relies on nothing that was found damaged. If that fails too, use another disk.
drill-untried = Could not be tried { $date }
drill-held = { $rows } rows, { $entries } entries of the access log and { $samples } rows taken at random came back as they were, in { $seconds } s.
drill-run = Try to restore now
busy-backup = A backup is being made, since { $time }. Reload the page to see how it went.
busy-drill = The box is trying to restore, since { $time }. Reload the page to see how it went.
busy-prune = Old backups are being removed, since { $time }.

## The operator: health of the box

health-title = Health of the box
health-checked = { $host }, checked { $time }
health-stolen = If this box is stolen
health-lost = If this box is lost
health-backup-none = There is no backup.
health-backups = All about backups
health-log = The access log
health-machine = Machine
health-network = Network
health-no-patients = This page holds no patient data, and your role cannot open any.
health-unlock = How it unlocks
unlock-credential = By a key that systemd unseals
    .more = It starts by itself after a power cut. Whether this machine’s TPM seals the key, the box cannot see. Without one the key lies on the same disk, which is then not protected when it is stolen.
unlock-tpm = By this machine’s TPM
    .more = It starts by itself after a power cut. A disk taken out of the box cannot be read: the TPM seals the key, bound to Secure Boot.
unlock-tpm-unbound = By this machine’s TPM
    .more = It starts by itself after a power cut. A disk taken out of the box cannot be read. Secure Boot is off, so the TPM gives the key to any system that is started on this machine.
unlock-host-key = By a key on the same disk
    .more = It starts by itself after a power cut. Not protected against a stolen disk: systemd hands the key in, and what seals it lies on the same disk, since this machine had no TPM to use.
unlock-passphrase = By a passphrase at each start
    .more = After a power cut somebody must type it. Without it nothing on the disk can be read.
unlock-key-file = By a key file
    .more = It starts by itself after a power cut. Not protected against a stolen disk: the key lies beside the store.
unlock-demo = Demo: not protected
    .more = The key of a demo lies open in its folder. Never put a real record into it.

## The operator: keys

keys-about = The records are encrypted under one key. Each way to unlock opens it on its own.
keys-ways = Ways to unlock
keys-add = Add a way
keys-rotating = A new root key waits
keys-rotating-more = When the box starts again it copies its records under the new key, before it answers. Until then nothing can be added or removed here. To stay with the old key, run “chartbox key rotate --cancel” at its console.
keys-keep-old = Keep the old sheet or passphrase
    .more = The newest backup on { $target } opens by nothing that opens the box now. The box makes another by itself as soon as it reaches the place. Keep the old sheet until this notice is gone, and for as long as an older backup is to be restored.
keys-add-sheet = New recovery sheet
keys-add-sheet-more = When the sheet is lost, worn, or was seen by somebody. The old one opens the box until you have shown that the new one is kept. Backups made before go on opening by the old one: keep it until another backup has been made, and for as long as an older one is to be restored.
keys-add-sheet-button = Print a new sheet
keys-sheet-before = The sheet is shown once. Have a printer ready, or paper and a pen, and nobody looking over your shoulder.
keys-sheet-show = Show the new sheet
keys-add-passphrase = A passphrase
keys-add-passphrase-more = Somebody types it each time the box starts: a stolen box stays shut. As long as a way without a person is there too, that one counts.
keys-add-passphrase-button = Add a passphrase
keys-add-tpm = A key sealed by this machine
keys-add-tpm-more = The box starts by itself, and with a TPM a stolen disk stays shut. It takes the machine’s own rights, so run this at its console, as root:
keys-passphrase = New passphrase
keys-passphrase-hint = Four unrelated words are easy to remember and hard to guess.
keys-passphrase-again = The same once more
keys-passphrase-differs = The two are not the same. Nothing was changed.
keys-own-password = Your own password
keys-own-password-hint = The one you sign in with: it shows that it is you who changes this.
keys-own-password-wrong = This is not your password. Nothing was changed.
keys-root = The root key
keys-root-number = This is number { $n }.
keys-root-more = Change it when somebody may hold an old sheet or passphrase together with an old copy of the disk or of a backup. The box makes a new one and copies its records under it. It takes the sheet and the passphrases that remain, so run this at its console:
slot-passphrase = Passphrase
    .more = Somebody types it after each start.
slot-recovery-sheet = Recovery sheet
    .more = Paper with 24 words. It opens the box, and the backups made since it was printed, when all else is lost.
slot-credential = Key from systemd
    .more = Handed in at the start. Whether this machine’s TPM seals it, the box cannot see.
slot-host-key =
    .more = Handed in at the start, sealed by a key on the same disk: this machine had no TPM to use.
slot-tpm =
    .more = Handed in at the start, sealed by this machine’s TPM and bound to Secure Boot. When Secure Boot is switched, the box starts locked.
slot-tpm-unbound =
    .more = Handed in at the start, sealed by this machine’s TPM. Secure Boot is off, so any system that is started on this machine gets it.
slot-key-file = Key file
    .more = It lies beside the records. The box starts by itself, and a stolen disk can be read.
slot-demo = The demo’s key
    .more = It lies open in the demo’s folder.
slot-good = In use
slot-weak = Not protected against a stolen disk
slot-unsure = May not protect
slot-left = Does not open the next root key
slot-made = Slot { $id }, made on { $date }
slot-open = Details
slot-prove = Prove it
slot-remove = Remove this way to unlock
slot-remove-more = It will not open this box any more. The backups made until now may open by it alone: the box makes another at once, and to restore an older one it is needed.
slot-remove-rotate = At the box’s own console:
slot-remove-button = Remove it
sheet-new = The new recovery sheet
sheet-once = It is shown this once
sheet-once-more = Print this page, or copy the words by hand. Take no photo of it, and send it nowhere: whoever has it can read everything in the box.
sheet-words-spoken = The 24 words in six rows; the last of each row checks the row
sheet-qr-spoken = QR code with the 24 words
sheet-how = To unlock a box, type the rows into its page, or run “chartbox key unlock”. Four letters of a word are enough. The last word of a row checks the row, so that a mistake is found where it is. The code holds the same words, for a scanner.
sheet-log-key = Key of the access log
sheet-authority = Certificate authority
sheet-keep = Keep this sheet where the box is not. It opens the box and the backups made since: whoever holds it can read everything in them.
sheet-prove = Show that the sheet is kept
sheet-prove-more = Fetch the sheet from where it is kept, and type these words from it. Capital letters do not matter, and four letters are enough.
sheet-prove-now = Put the printed sheet in front of you, and type these words from the paper. Only then does the sheet before it stop opening the box. Keep that one until another backup has been made, and for as long as an older one is to be restored.
sheet-prove-button = These are the words
sheet-prove-later = Later
sheet-prove-console = This sheet is from before its words were asked back. Show it at the box’s own console:
sheet-word = Row { $row }, word { $word }
sheet-word-wrong = This is not word { $word } of row { $row }. Look at the sheet once more.
covered = Covered
not-covered = Not covered
covers-disk = The disk alone is stolen
covers-backup = A backup is stolen or found
covers-box = The whole box is stolen while it is switched off
covers-repair = The box is thrown away or sent to repair without its TPM
health-sheet = Recovery sheet
sheet-kept = Proved { $date }
    .more = Some of its words were typed in correctly. Without this sheet and without the box, no backup can be read.
sheet-unproven = Not proved yet
    .more = Nobody has shown that the sheet is kept. Under Keys, type in the words that are asked of it; or print a new one.
sheet-none = There is none
    .more = This box has no recovery sheet. When its passphrase is forgotten, neither it nor any backup can be opened. Print a sheet under Keys.
covers-nothing = Nothing: a demo is for looking around
lacks-box = The whole box is stolen: it unlocks itself when it starts. A passphrase at each start covers this.
lacks-other-system = Another system is started on the stolen box. Secure Boot covers this.
lacks-root = Someone with administrator rights on the running box
lacks-disk = The disk is stolen: its key lies on it
lacks-disk-unless = The disk is stolen, unless a TPM seals the key
lacks-demo = Everything: whoever has the folder reads it
health-chain = Entries
log-whole = Verified { $date }
    .more = Complete and unchanged.
log-tampered = Not whole, { $date }
    .more = Keep the box as it is and tell the health administrator.
log-unverified = Not verified yet
    .more = The health administrator can verify it, or “chartbox audit verify” at the console.
health-checkpoint = Last checkpoint
    .more = Signed; what lies under it cannot be changed unseen once a copy of it is kept outside the box.
health-records = Resources in the record
records-of =
    { $n ->
        [one] Of 1 patient. Numbers only: none of them can be opened here.
       *[other] Of { $patients } patients. Numbers only: none of them can be opened here.
    }
health-disk = Disk
disk-used = { $percent } % used
disk-of = { $used } of { $total }. The records take { $store }.
health-memory = Memory
memory-of = Of { $total }.
memory-of-peak = Of { $total }. Most since start: { $peak }.
health-version = Version
health-since = Running since
health-certificate = Certificate
until-long = Valid until { $date }
certificate-renews = Own authority. It renews itself on { $date }.
certificate-authority = Devices trust the authority until { $date }. Its fingerprint, to compare on devices:
health-clock = Clock
    .more = The access log relies on it.
clock-right = Set by a time server
clock-alone = Follows no time server
clock-unknown = Not known
listener-clinic = Clinic
    .more = Staff, and patients on the clinic’s network.
listener-portal = Portal
    .more = Patients from outside the clinic.
listener-welcome = Welcome page
    .more = Tells new devices how to trust this box. Shows no records.
listener-ops = Monitoring
    .more = Numbers about the box, for programs on this machine only.
listener-answers = Answers
presence-probing = It is asking the network whether its name is free.
presence-announced = Devices on this network find it by its name.
presence-conflict = Another machine on this network has its name, so it is no longer announced. Find the other machine, or use another name that the certificate covers; then restart the box.
presence-stopped = Its name is not announced. Use another name that the certificate covers.
presence-own-machine = It answers on this machine only, so its name is not announced.
presence-off = Its name is not announced.
listener-off = Off
listener-broken = Does not answer
signed-in-now =
    { $n ->
        [0] Nobody is signed in now.
        [one] 1 session is open now.
       *[other] { $n } sessions are open now.
    }
verdict-well = Everything works
verdict-needs =
    { $n ->
        [one] Everything works. One thing needs you.
       *[other] Everything works. { $n } things need you.
    }
verdict-grave =
    { $n ->
        [one] Something is wrong and needs you now
       *[other] { $n } things need you; at least one of them now
    }
trouble-log = The access log is not as it was written. Keep the box as it is and tell the health administrator.
trouble-backup = { $target } has no backup that is new enough. If the box is lost now, so is what was written since.
trouble-backup-all-gone = All backups that were made on { $target } are gone, and this box did not remove them. Is another disk connected, or was it emptied?
trouble-backup-gone = The newest backup that was made on { $target } is gone, and this box did not remove it. If the box is lost now, so is what was written since the one before it.
trouble-backup-damaged = The newest backup on { $target } is damaged. If the box is lost now, so is what was written since the last one that is not.
trouble-backup-older-damaged = An older backup on { $target } is damaged. The newest is not, as far as is known.
trouble-backup-older-gone = An older backup on { $target } is gone, and this box did not remove it. The newest is there.
trouble-backup-old-keys = The newest backup on { $target } opens by an old sheet or passphrase only: keep that one. The box makes another by itself as soon as it reaches the place.
trouble-backup-silent = { $target } does not answer. Look at the disk or the share, and at what connects it. The other places get their backups.
trouble-backup-stuck = { $target } gets no backup while old ones are being removed there, which takes long. Look at the disk or the share, and at what connects it.
trouble-backup-late = The last backup to { $target } did not work, or is late. The page about backups says why.
trouble-drill = A backup on { $target } did not come back as it should when the box tried to restore it, or that was not tried for long.
trouble-no-backup = No place for backups is set up: if this box is lost, everything in it is lost.
trouble-disk = The disk has { $free } % left, { $bytes }. Free some space before the box has to refuse what people write; records could then still be read.
trouble-disk-low = The disk has { $bytes } left, which is kept for reading: whatever people write is refused, and records can be read. Free some space.
trouble-disk-full = The disk is full to the last byte: nothing can be written, and no record can be opened, because the access log cannot be written. Free some space.
trouble-certificate = The certificate is valid until { $date } only, and should have renewed itself. Restart the box, and look at its log.
trouble-listener = { $address } does not answer. Another program may use this port.
trouble-clock = The machine’s clock follows no time server. Times in the access log may be wrong.
trouble-credential = Whether a stolen disk can be read depends on this machine’s TPM, and the box cannot see whether one seals the key.
trouble-sheet = Nobody has shown yet that the recovery sheet is kept. If it is lost and the box breaks, no backup can be read. Prove it under Keys.
trouble-sheet-none = This box has no recovery sheet: when its passphrase is forgotten, neither it nor any backup can be opened. Print one under Keys.
trouble-key = The key lies on the same disk as the records: a stolen disk can be read. Add a passphrase, or a TPM.

## The operator: accounts

accounts-sum =
    { $n ->
        [one] 1 account, { $disabled } switched off
       *[other] { $n } accounts, { $disabled } switched off
    }
accounts-patients = Accounts of patients are not listed here: their names are patient data.
account-add = Add an account
account-make = Make this account
account-first-password = A first password is made and shown once. It must be changed at the first sign-in.
account-choose-role = Choose a role.
account-heading = This account
account-made = Made
account-sessions = Open sessions
account-actions = What you can do
account-new-password = Give this first password to its owner
account-new-password-more = It is shown here this once and stands nowhere else. It must be changed at the first sign-in.
account-reset = New first password
account-reset-more = Ends all sessions. For somebody who cannot sign in any more.
account-reset-button = Make one
account-end-sessions = End all sessions
account-end-sessions-more = On every device. They can sign in again.
account-end-sessions-button = End them
account-disable = Switch off
account-disable-more = Ends all sessions; nobody can sign in. What was done stays in the log.
account-disable-button = Switch off
account-enable = Switch on
account-enable-more = Its owner can sign in again with the same password.
account-enable-button = Switch on
account-enabled = On
account-first = First password in use
account-disabled = Switched off
role-service = Program
about-nurse = As a doctor, without prescribing and signing.
about-reception = Registers patients, sees their appointments. Cannot see anything clinical.
col-name = Name
col-role = Role
col-last = Last used
never = never

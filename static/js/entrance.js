// Forgets the last account before a log-in, so that the page shows no data of another account.
localStorage.removeItem("nudge.account");

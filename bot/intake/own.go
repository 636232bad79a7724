package intake

// OwnMark is the field of our letters that holds their token. It is still there when a forwarding rule or a list has written
// another From over ours.
const OwnMark = "X-Vanthu-Id"

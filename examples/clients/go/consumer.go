// Sample consumer with franz-go: takes every ticket event once, and keeps the newest state of each ticket.
//
//	go run . 127.0.0.1:8010
//
// applied.jsonl is inbox and effect in one: a line that is written whole is an event that was applied. What can never be
// applied goes to set-aside.jsonl. One process at a time; in a real consumer both are tables of one database.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const topic = "opsdash.support.tickets.v1"

var types = map[string]bool{
	"support_ticket.created": true, "support_ticket.updated": true, "support_ticket.deleted": true,
	"support_ticket.restored": true, "support_ticket.purged": true,
}

var required = strings.Fields("ce_id ce_type ce_source ce_subject ce_time ce_specversion ce_dataschema content-type" +
	" ce_orgid ce_sequence")

func settings(servers string) []kgo.Opt {
	return []kgo.Opt{
		kgo.SeedBrokers(strings.Split(servers, ",")...),
		kgo.ConsumeTopics(topic),
		kgo.ConsumerGroup("sample-go." + topic),           // one of your own
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), // a lost offset reads again instead of skipping
		kgo.DisableAutoCommit(),                           // committed when the lines are on the disk, not before
		kgo.BlockRebalanceOnPoll(),                        // no partition leaves between a poll and its commit
		kgo.SessionTimeout(10 * time.Second),              // after a crash the broker waits this long before it goes on
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),      // records of aborted transactions are not seen
		// Production, with crypto/tls, github.com/twmb/franz-go/pkg/sasl/scram and the CA in a tls.Config:
		// kgo.DialTLSConfig(&tls.Config{RootCAs: authorities}),
		// kgo.SASL(scram.Auth{User: os.Getenv("KAFKA_USER"), Pass: os.Getenv("KAFKA_PASSWORD")}.AsSha512Mechanism()),
		// The embedded broker of the local stack, from franz-go 1.22 on, with github.com/twmb/franz-go/pkg/kversion:
		// kgo.MaxVersions(kversion.V3_7_0()),
	}
}

// event is what this sample reads of the data; a real consumer has types generated from the JSON Schema.
type event struct {
	OrgID    string `json:"org_id"`
	TicketID string `json:"ticket_id"`
	Version  int64  `json:"version"`
	Status   string `json:"status"`
}

var errNotForUs = errors.New("not for us")

// read gives headers and data of a record: errNotForUs for a type that this consumer does not know; any other error is
// a code of docs/reference/events.md for a message that no retry makes better.
func read(record *kgo.Record) (map[string]string, event, error) {
	headers, data := map[string]string{}, event{}
	for _, header := range record.Headers {
		headers[header.Key] = string(header.Value)
	}
	for _, name := range required {
		if headers[name] == "" {
			return headers, data, errors.New("missing-header")
		}
	}
	kind := headers["ce_type"]
	switch {
	case !types[kind]:
		return headers, data, errNotForUs
	case headers["ce_dataschema"] != "urn:opsdash:"+kind+":v1":
		return headers, data, errors.New("unknown-version")
	case headers["ce_source"] != "/services/tickets":
		return headers, data, errors.New("foreign-source")
	case json.Unmarshal(record.Value, &data) != nil:
		return headers, data, errors.New("bad-json")
	case string(record.Key) != headers["ce_subject"] || data.TicketID != headers["ce_subject"]:
		return headers, data, errors.New("key-mismatch")
	case data.OrgID != headers["ce_orgid"]:
		return headers, data, errors.New("org-mismatch")
	case strconv.FormatInt(data.Version, 10) != headers["ce_sequence"]:
		return headers, data, errors.New("sequence-mismatch")
	}
	return headers, data, nil
}

// tickets is what this consumer knows: ids of applied events, and the newest version of each ticket.
type tickets struct {
	applied, aside *journal
	ids            map[string]bool
	versions       map[string]int64
}

// appliedLine is a line of applied.jsonl.
type appliedLine struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Ticket  string `json:"ticket"`
	Version int64  `json:"version"`
	Status  string `json:"status"`
	Newest  bool   `json:"newest"`
}

func (known *tickets) remember(line appliedLine) {
	known.ids[line.ID] = true
	if line.Newest {
		known.versions[line.Ticket] = line.Version
	}
}

// take gives a word or two about what became of the record; an error is one of the disk.
func (known *tickets) take(record *kgo.Record) (string, error) {
	headers, data, err := read(record)
	if errors.Is(err, errNotForUs) {
		return "not for us", nil
	}
	if err != nil {
		return "set aside", known.aside.append(asideOf(record, err.Error()))
	}
	if known.ids[headers["ce_id"]] {
		return "seen before", nil
	}
	newest := data.Version > known.versions[data.TicketID] // a replay may come after newer events
	line := appliedLine{headers["ce_id"], headers["ce_type"], data.TicketID, data.Version, data.Status, newest}
	known.remember(line)
	return "applied", known.applied.append(line)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	client, err := kgo.NewClient(settings(os.Args[1])...)
	check(err)
	defer client.CloseAllowingRebalance()
	known := open()
	for ctx.Err() == nil {
		fetched := client.PollFetches(ctx)
		for _, failed := range fetched.Errors() {
			if ctx.Err() == nil {
				log.Printf("%s/%d: %v", failed.Topic, failed.Partition, failed.Err) // the client tries again
			}
		}
		fetched.EachRecord(func(record *kgo.Record) {
			became, err := known.take(record)
			check(err)
			fmt.Println(became, record.Partition, record.Offset)
		})
		check(known.applied.sync())
		check(known.aside.sync())
		if err := client.CommitUncommittedOffsets(context.Background()); err != nil {
			log.Print(err) // the same records come again, and were seen before
		}
		client.AllowRebalance()
	}
}

// check ends the process: what was not committed comes again after the next start.
func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

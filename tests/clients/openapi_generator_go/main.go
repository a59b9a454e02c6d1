// A walk through the API with a client that openapi-generator made for Go.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"

	"example.test/sample/opsdash"
	"github.com/google/uuid"
)

// done ends the program when there is no success; the error has the problem that came instead.
func done[T any](answer T, _ *http.Response, err error) T {
	if err != nil {
		if problem, is := err.(*opsdash.GenericOpenAPIError); is {
			log.Fatalf("%v: %s", err, problem.Body())
		}
		log.Fatal(err)
	}
	return answer
}

func main() {
	org := os.Getenv("OPSDASH_ORG")
	configuration := opsdash.NewConfiguration()
	configuration.Servers = opsdash.ServerConfigurations{{URL: os.Getenv("OPSDASH_URL")}}
	configuration.AddDefaultHeader("Authorization", "Bearer "+os.Getenv("OPSDASH_TOKEN"))
	client, ctx := opsdash.NewAPIClient(configuration), context.Background()
	tickets := client.TicketsAPI

	wanted := opsdash.NewCreateTicket("Made by Go")
	wanted.SetPriority(opsdash.PRIORITY_HIGH)
	ticket, answer, err := tickets.CreateTicket(ctx, org).CreateTicket(*wanted).IdempotencyKey(uuid.NewString()).Execute()
	done(ticket, answer, err)
	etag := answer.Header.Get("ETag")

	listed := []int64{}
	for request, more := tickets.ListTickets(ctx, org).Limit(2).Sort("number"), true; more; {
		page := done(request.Execute())
		for _, row := range page.Items {
			listed = append(listed, row.Number)
		}
		if more = page.NextCursor.IsSet() && page.NextCursor.Get() != nil; more {
			request = request.Cursor(*page.NextCursor.Get())
		}
	}

	text := opsdash.NewCreateComment("Looking into it, **one moment**.")
	comment := done(client.CommentsAPI.CreateComment(ctx, org, ticket.Id).CreateComment(*text).Execute())

	// Of the two one is there: which of them, `status` tells.
	comments := []string{}
	if first := done(tickets.GetTicket(ctx, org, ticket.Id).Execute()).Comments.FirstComments; first != nil {
		for _, one := range first.Items {
			comments = append(comments, *one.Body.Get())
		}
	}

	entries := []string{}
	for _, entry := range done(tickets.GetSlaLedger(ctx, org, os.Getenv("OPSDASH_TICKET")).Execute()).Entries {
		entries = append(entries, entry.Kind)
	}

	patch := opsdash.NewPatchTicket()
	patch.SetCategory(opsdash.CATEGORY_TECHNICAL)
	change := opsdash.NewBulkChange([]string{ticket.Id, uuid.NewString()}, *patch)
	bulk := []int64{}
	for _, item := range done(tickets.ChangeTicketsInBulk(ctx, org).BulkChange(*change).Execute()).Items {
		bulk = append(bulk, item.Status)
	}

	csv := done(tickets.ExportTickets(ctx, org).Execute())

	// The generated method waits for the end of an answer; net/http reads it line by line.
	follow, err := http.NewRequestWithContext(ctx, "GET", configuration.Servers[0].URL+"/api/orgs/"+org+"/events", nil)
	done(follow, nil, err)
	follow.Header.Set("Authorization", configuration.DefaultHeader["Authorization"])
	stream, err := http.DefaultClient.Do(follow)
	done(stream, nil, err)
	defer stream.Body.Close()
	lines := bufio.NewScanner(stream.Body)
	lines.Scan() // it has begun: what changes from now on is told
	progress := opsdash.NewPatchTicket()
	progress.SetStatus(opsdash.STATUS_IN_PROGRESS)
	done(tickets.PatchTicket(ctx, org, ticket.Id).PatchTicket(*progress).Execute())
	for lines.Text() != "event: ticket" && lines.Scan() {
	}

	said, err := json.Marshal(map[string]any{
		"number": ticket.Number, "etag": etag, "listed": listed, "comment": *comment.Body.Get(), "comments": comments,
		"entries": entries, "bulk": bulk, "csv": strings.Count(strings.TrimSpace(csv), "\n"),
		"stream": strings.TrimPrefix(lines.Text(), "event: "),
	})
	done(said, nil, err)
	fmt.Println(string(said))
}

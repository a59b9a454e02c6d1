// A walk through the API with a client that oapi-codegen made.
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

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// done ends the program when an answer is not the success that was asked for.
func done[T any](answer *T, err error, status string, body []byte) T {
	check(err)
	if answer == nil {
		log.Fatalf("%s: %s", status, body)
	}
	return *answer
}

func text(value *string) string {
	if value == nil {
		return ""
	}
	return *value
}

func main() {
	ctx := context.Background()
	org, token := os.Getenv("OPSDASH_ORG"), os.Getenv("OPSDASH_TOKEN")
	client, err := opsdash.NewClientWithResponses(os.Getenv("OPSDASH_URL"), opsdash.WithRequestEditorFn(
		func(_ context.Context, request *http.Request) error {
			request.Header.Set("Authorization", "Bearer "+token)
			return nil
		}))
	check(err)

	high, key := opsdash.High, uuid.NewString()
	made, err := client.CreateTicketWithResponse(ctx, org, &opsdash.CreateTicketParams{IdempotencyKey: &key},
		opsdash.CreateTicket{Title: "Made by Go", Priority: &high})
	check(err)
	ticket := done(made.JSON201, err, made.Status(), made.Body)
	reference := ticket.Id.String()

	listed, limit, sort := []int64{}, int64(2), "number"
	for cursor := (*string)(nil); ; {
		answer, err := client.ListTicketsWithResponse(ctx, org,
			&opsdash.ListTicketsParams{Limit: &limit, Sort: &sort, Cursor: cursor})
		check(err)
		page := done(answer.JSON200, err, answer.Status(), answer.Body)
		for _, row := range page.Items {
			listed = append(listed, row.Number)
		}
		if cursor = page.NextCursor; cursor == nil {
			break
		}
	}

	written, err := client.CreateCommentWithResponse(ctx, org, reference, nil,
		opsdash.CreateComment{Body: "Looking into it, **one moment**."})
	check(err)
	comment := done(written.JSON201, err, written.Status(), written.Body)

	got, err := client.GetTicketWithResponse(ctx, org, reference)
	check(err)
	detail := done(got.JSON200, err, got.Status(), got.Body)
	comments := []string{}
	part, err := detail.Comments.ValueByDiscriminator() // `status` tells which of the two it is
	check(err)
	if first, available := part.(opsdash.FirstComments); available {
		for _, one := range first.Items {
			comments = append(comments, text(one.Body))
		}
	}

	told, err := client.GetSlaLedgerWithResponse(ctx, org, os.Getenv("OPSDASH_TICKET"))
	check(err)
	entries := []string{}
	for _, entry := range done(told.JSON200, err, told.Status(), told.Body).Entries {
		entries = append(entries, entry.Kind)
	}

	technical := opsdash.Technical
	changed, err := client.ChangeTicketsInBulkWithResponse(ctx, org, nil, opsdash.BulkChange{
		Ids: []uuid.UUID{ticket.Id, uuid.New()}, Patch: opsdash.PatchTicket{Category: &technical}})
	check(err)
	bulk := []int64{}
	for _, item := range done(changed.JSON200, err, changed.Status(), changed.Body).Items {
		bulk = append(bulk, item.Status)
	}

	csv, err := client.ExportTicketsWithResponse(ctx, org, nil)
	check(err)

	// The method without "WithResponse" gives the answer while it comes.
	stream, err := client.FollowEvents(ctx, org, nil)
	check(err)
	defer stream.Body.Close()
	lines := bufio.NewScanner(stream.Body)
	lines.Scan() // it has begun: what changes from now on is told
	progress := opsdash.InProgress
	_, err = client.PatchTicketWithResponse(ctx, org, reference, nil, opsdash.PatchTicket{Status: &progress})
	check(err)
	for lines.Text() != "event: ticket" && lines.Scan() {
	}

	said, err := json.Marshal(map[string]any{
		"number": ticket.Number, "etag": made.HTTPResponse.Header.Get("ETag"), "listed": listed,
		"comment": text(comment.Body), "comments": comments, "entries": entries, "bulk": bulk,
		"csv": strings.Count(strings.TrimSpace(string(csv.Body)), "\n"), "stream": strings.TrimPrefix(lines.Text(), "event: "),
	})
	check(err)
	fmt.Println(string(said))
}

import com.example.opsdash.ApiClient;
import com.example.opsdash.ApiResponse;
import com.example.opsdash.api.CommentsApi;
import com.example.opsdash.api.TicketsApi;
import com.example.opsdash.model.BulkChange;
import com.example.opsdash.model.BulkItem;
import com.example.opsdash.model.Category;
import com.example.opsdash.model.Comment;
import com.example.opsdash.model.CreateComment;
import com.example.opsdash.model.CreateTicket;
import com.example.opsdash.model.FirstComments;
import com.example.opsdash.model.PatchTicket;
import com.example.opsdash.model.Priority;
import com.example.opsdash.model.SlaLedgerEntry;
import com.example.opsdash.model.Status;
import com.example.opsdash.model.TicketDetail;
import com.example.opsdash.model.TicketPage;
import com.example.opsdash.model.TicketRow;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A walk through the API with a client that openapi-generator made (library "native": Java's own HttpClient). */
public final class Sample {
  private Sample() {}

  public static void main(String[] arguments) throws Exception {
    String org = System.getenv("OPSDASH_ORG");
    String authorization = "Bearer " + System.getenv("OPSDASH_TOKEN");
    ApiClient client = new ApiClient();
    client.updateBaseUri(System.getenv("OPSDASH_URL"));
    client.setRequestInterceptor(request -> request.header("Authorization", authorization));
    TicketsApi tickets = new TicketsApi(client);
    CommentsApi comments = new CommentsApi(client);

    CreateTicket wanted = new CreateTicket().title("Made by Java").priority(Priority.HIGH);
    ApiResponse<TicketDetail> made = tickets.createTicketWithHttpInfo(org, wanted, UUID.randomUUID().toString());
    TicketDetail ticket = made.getData();
    String reference = ticket.getId().toString();

    List<Long> listed = new ArrayList<>();
    String cursor = null;
    do {
      TicketPage page =
          tickets.listTickets(
              org, null, null, null, null, null, null, null, null, null, null, null, null, "number", 2L, cursor, null, null);
      page.getItems().stream().map(TicketRow::getNumber).forEach(listed::add);
      cursor = page.getNextCursor();
    } while (cursor != null);

    Comment comment =
        comments.createComment(org, reference, new CreateComment().body("Looking into it, **one moment**."), null);

    // What it is depends on its `status`: FirstComments, or UnavailablePart.
    Object part = tickets.getTicket(org, reference).getComments().getActualInstance();
    List<Comment> first = part instanceof FirstComments ? ((FirstComments) part).getItems() : List.of();
    List<String> texts = first.stream().map(Comment::getBody).collect(Collectors.toList());

    List<String> entries =
        tickets.getSlaLedger(org, System.getenv("OPSDASH_TICKET")).getEntries().stream()
            .map(SlaLedgerEntry::getKind)
            .collect(Collectors.toList());

    BulkChange change =
        new BulkChange()
            .ids(List.of(ticket.getId(), UUID.randomUUID()))
            .patch(new PatchTicket().category(Category.TECHNICAL));
    List<Long> bulk =
        tickets.changeTicketsInBulk(org, change, null).getItems().stream()
            .map(BulkItem::getStatus)
            .collect(Collectors.toList());

    // The generated methods read every answer as JSON and to its end; the client below them does not.
    String base = client.getBaseUri() + "/api/orgs/" + org;
    HttpRequest.Builder request = HttpRequest.newBuilder().header("Authorization", authorization);
    HttpRequest export = request.uri(URI.create(base + "/tickets.csv")).build();
    String csv = client.getHttpClient().send(export, HttpResponse.BodyHandlers.ofString()).body();

    HttpRequest follow = request.uri(URI.create(base + "/events")).build();
    String event;
    try (Stream<String> stream = client.getHttpClient().send(follow, HttpResponse.BodyHandlers.ofLines()).body()) {
      Iterator<String> lines = stream.iterator();
      lines.next(); // it has begun: what changes from now on is told
      tickets.patchTicket(org, reference, new PatchTicket().status(Status.IN_PROGRESS), null, null);
      do {
        event = lines.next();
      } while (!event.equals("event: ticket"));
    }

    Map<String, Object> said = new LinkedHashMap<>();
    said.put("number", ticket.getNumber());
    said.put("etag", made.getHeaders().get("etag").get(0));
    said.put("listed", listed);
    said.put("comment", comment.getBody());
    said.put("comments", texts);
    said.put("entries", entries);
    said.put("bulk", bulk);
    said.put("csv", csv.strip().lines().count() - 1);
    said.put("stream", event.substring("event: ".length()));
    System.out.println(client.getObjectMapper().writeValueAsString(said));
    System.exit(0); // Java's client keeps a thread for the stream
  }
}

// Reads every line of examples.jsonl into the generated type that it names, and writes it again.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
)

type example struct {
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value"`
}

func roundTrip[T any](text []byte) ([]byte, error) {
	var event T
	if err := json.Unmarshal(text, &event); err != nil {
		return nil, err
	}
	return json.Marshal(event)
}

func main() {
	file, err := os.Open("examples.jsonl")
	if err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var one example
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			log.Fatal(err)
		}
		written, err := readers[one.Type](one.Value)
		if err != nil {
			log.Fatalf("%s: %v", one.Type, err)
		}
		fmt.Println(string(written))
	}
}

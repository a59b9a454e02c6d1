package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/twmb/franz-go/pkg/kgo"
)

// journal is a file of JSON lines.
type journal struct {
	file   *os.File
	writer *bufio.Writer
}

func (lines *journal) append(line any) error { return json.NewEncoder(lines.writer).Encode(line) }

func (lines *journal) sync() error {
	if err := lines.writer.Flush(); err != nil {
		return err
	}
	return lines.file.Sync()
}

// openJournal gives the whole lines of the file too; a last one that a crash cut short is removed.
func openJournal(path string) (*journal, [][]byte) {
	text, err := os.ReadFile(path)
	if !os.IsNotExist(err) {
		check(err)
	}
	whole := text[:bytes.LastIndexByte(text, '\n')+1]
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	check(err)
	check(file.Truncate(int64(len(whole))))
	return &journal{file, bufio.NewWriter(file)}, bytes.Split(bytes.TrimSpace(whole), []byte("\n"))
}

func open() *tickets {
	applied, lines := openJournal("applied.jsonl")
	aside, _ := openJournal("set-aside.jsonl")
	known := &tickets{applied, aside, map[string]bool{}, map[string]int64{}}
	for _, text := range lines {
		if len(text) > 0 {
			var line appliedLine
			check(json.Unmarshal(text, &line))
			known.remember(line)
		}
	}
	return known
}

// asideOf is all of a record, byte for byte; JSON has bytes as base64.
func asideOf(record *kgo.Record, code string) any {
	headers := [][2]any{}
	for _, header := range record.Headers {
		headers = append(headers, [2]any{header.Key, header.Value})
	}
	return map[string]any{
		"place": fmt.Sprintf("%s/%d/%d", record.Topic, record.Partition, record.Offset),
		"code":  code, "headers": headers, "key": record.Key, "value": record.Value,
	}
}

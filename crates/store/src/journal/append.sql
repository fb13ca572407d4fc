select refused as "refused: Vec<i32>", duplicates as "duplicates: Vec<Option<Uuid>>", ws_base as "ws_base: Vec<i64>"
  from journal_append(
      $1, $2, $3, $4,
      $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
      $19::text::json,
      $20, $21, $22, $23,
      $24, $25, $26, $27, $28,
      $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40,
      $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51,
      $52::text::json, $53::text::json)
